package dev.penstock.zoo.reference;

import dev.penstock.zoo.reference.DirectRun.NoTensorException;
import dev.penstock.zoo.reference.Reference.Case;
import dev.penstock.zoo.reference.Reference.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Makes the requests for one model, and runs them directly. A request that ONNX Runtime cannot run is left out. */
final class CaseMaker {
    private static final int ALTERED_REQUESTS = 3;
    private static final int MANY_ROWS = 70;
    private static final int REPEATS = 50;
    private static final long REPEAT_NANOS = 1_000_000_000L;

    /** Below what a request may have, in bytes. */
    private static final long MAX_REQUEST_BYTES = 6 << 20;

    private final DirectRun model;
    private final List<Case> cases = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    private CaseMaker(DirectRun model) {
        this.model = model;
    }

    static Reference of(Path file, List<Path> dataSets) throws IOException {
        try (DirectRun model = new DirectRun(file)) {
            return new CaseMaker(model).make(dataSets);
        } catch (CannotRunException e) {
            return Reference.none(String.valueOf(e.getMessage()));
        }
    }

    private Reference make(List<Path> dataSets) throws IOException, CannotRunException {
        List<DirectRun.Input> inputs = model.inputs();
        List<TestData> given = new ArrayList<>();
        for (Path folder : dataSets) {
            given.add(TestData.read(folder, model.inputNames(), model.outputNames())
                    .declared(inputs));
        }
        try {
            for (int i = 0; i < given.size(); i++) {
                TestData data = given.get(i);
                Case ran = new Case(Kind.GIVEN, "test data " + i, data.inputs(), model.run(data.inputs()));
                cases.add(ran);
            }
            if (given.isEmpty()) {
                cases.add(firstThatRuns(inputs));
            }
            Case first = cases.getFirst();
            boolean isRepeatable = isRepeatable(first);
            if (isRepeatable) {
                compareWith(given);
            }
            addOthers(inputs, first);
            return new Reference(Optional.empty(), isRepeatable, cases, notes);
        } catch (NoTensorException e) {
            return new Reference(Optional.empty(), true, List.of(), List.of(String.valueOf(e.getMessage())));
        } catch (CannotRunException e) {
            List<Case> stated = new ArrayList<>();
            for (TestData data : given) {
                stated.add(new Case(Kind.GIVEN, "test data", data.inputs(), data.outputs()));
            }
            return new Reference(Optional.of(String.valueOf(e.getMessage())), true, stated, notes);
        }
    }

    /** Several runs: the numbers of a seeded generator may be almost the same in the first ones. */
    private boolean isRepeatable(Case first) throws CannotRunException, NoTensorException {
        long start = System.nanoTime();
        for (int run = 0; run < REPEATS && (run == 0 || System.nanoTime() - start < REPEAT_NANOS); run++) {
            if (Difference.between(first.outputs(), model.run(first.inputs())).isPresent()) {
                return false;
            }
        }
        return true;
    }

    /** @param given in the order of the cases */
    private void compareWith(List<TestData> given) {
        for (int i = 0; i < given.size(); i++) {
            List<Value> ran = cases.get(i).outputs();
            Difference.between(given.get(i).outputsLike(ran), ran)
                    .ifPresent(found -> notes.add("ONNX Runtime differs from the test data: " + found));
        }
    }

    private Case firstThatRuns(List<DirectRun.Input> inputs) throws CannotRunException, NoTensorException {
        Optional<CannotRunException> failure = Optional.empty();
        boolean isVariable =
                inputs.stream().anyMatch(input -> input.shape().stream().skip(1).anyMatch(dimension -> dimension < 0));
        boolean hasIntegers = inputs.stream().anyMatch(input -> !input.type().isFloat());
        for (int size : isVariable ? MadeUp.SIZES : List.of(1)) {
            for (int most : hasIntegers ? MadeUp.MOST : List.of(1)) {
                List<Value> values = new ArrayList<>();
                for (int i = 0; i < inputs.size(); i++) {
                    values.add(MadeUp.value(inputs.get(i), 1, size, most, i));
                }
                try {
                    return new Case(Kind.GIVEN, "made-up input", values, model.run(values));
                } catch (CannotRunException e) {
                    failure = Optional.of(e);
                }
            }
        }
        throw failure.orElseThrow();
    }

    /** Requests that may share a run with the first, and one of many rows. */
    private void addOthers(List<DirectRun.Input> inputs, Case first) throws NoTensorException {
        boolean hasRows = inputs.stream().anyMatch(DirectRun.Input::hasVariableRows)
                && first.inputs().stream().noneMatch(input -> input.elements() == 0);
        for (int step = 1; step <= ALTERED_REQUESTS; step++) {
            List<Value> rows = hasRows ? withRows(inputs, first.inputs(), step) : first.inputs();
            if (!add(Kind.ALTERED, "altered input " + step, rows, step) && hasRows) {
                add(Kind.ALTERED, "altered input " + step, first.inputs(), step);
            }
        }
        if (hasRows) {
            add(Kind.MANY_ROWS, MANY_ROWS + " rows", withRows(inputs, first.inputs(), MANY_ROWS), 1);
        }
    }

    private static List<Value> withRows(List<DirectRun.Input> inputs, List<Value> values, int rows) {
        List<Value> changed = new ArrayList<>();
        for (int i = 0; i < values.size(); i++) {
            Value value = values.get(i);
            changed.add(inputs.get(i).hasVariableRows() ? MadeUp.withRows(value, rows) : value);
        }
        return changed;
    }

    private boolean add(Kind kind, String name, List<Value> inputs, int step) throws NoTensorException {
        if (inputs.stream().mapToLong(input -> input.data().remaining()).sum() > MAX_REQUEST_BYTES) {
            return false;
        }
        for (boolean withIntegers : List.of(true, false)) {
            List<Value> altered = inputs.stream()
                    .map(input -> MadeUp.altered(input, step, withIntegers))
                    .toList();
            try {
                cases.add(new Case(kind, name, altered, model.run(altered)));
                return true;
            } catch (CannotRunException e) {
                // Such values, or so many rows, are not for this model.
            }
        }
        return false;
    }
}
