package dev.penstock.model.probe;

import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.config.Batching;
import dev.penstock.model.config.ModelConfig;
import dev.penstock.model.graph.GraphTraits;
import dev.penstock.model.graph.OnnxGraph;
import dev.penstock.model.graph.SymbolicShape;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.RunMode;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.TensorSpec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Finds in a model's file which dimensions may count rows, or the reason why none can. Nothing is run.
 *
 * <p>An input has rows where model.yaml says so, or in its first dimension if that is variable, or where the name of such a dimension
 * stands again, as in a recurrent state of shape {@code [2, batch, 64]}. An input with none is shared by the rows of a run.
 */
public final class RowCandidates {
    private final OnnxGraph graph;
    private final ModelConfig config;

    /** The names of the dimensions that count rows. */
    private final Set<String> rowNames = new HashSet<>();

    private RowCandidates(OnnxGraph graph, ModelConfig config) {
        this.graph = graph;
        this.config = config;
    }

    /**
     * The same graph with its rows, to be proven by a {@link RowProbe}; or without rows, and with the reason.
     *
     * @param graph as it is declared
     * @throws ModelRefusedException if {@code batch_axis} names an input or a dimension that cannot be
     */
    public static OnnxGraph find(OnnxGraph graph, ModelConfig config) throws ModelRefusedException {
        return new RowCandidates(graph, config).find();
    }

    private OnnxGraph find() throws ModelRefusedException {
        List<OptionalInt> inputAxes = inputAxes();
        Optional<String> objection = objection(inputAxes);
        return objection.isPresent()
                ? graph.oneByOne(objection.get())
                : graph.withRows(
                        inputAxes,
                        outputAxes(),
                        new RunMode(RunMode.Kind.UNPROVEN, "a probe must prove that its rows are independent"));
    }

    private List<OptionalInt> inputAxes() throws ModelRefusedException {
        for (String input : config.batchAxes().keySet()) {
            checkAxis(input);
        }
        List<OptionalInt> axes = new ArrayList<>();
        for (int i = 0; i < graph.inputShapes().size(); i++) {
            SymbolicShape declared = graph.inputShapes().get(i);
            OptionalInt axis = configured(i).or(() -> leading(declared)).stream()
                    .mapToInt(Integer::intValue)
                    .findFirst();
            axis.ifPresent(rows -> rowNames.add(declared.names().get(rows)));
            axes.add(axis);
        }
        for (int i = 0; i < axes.size(); i++) {
            if (axes.get(i).isEmpty()) {
                axes.set(i, named(graph.inputShapes().get(i)));
            }
        }
        return axes;
    }

    private Optional<Integer> configured(int input) {
        return Optional.ofNullable(
                config.batchAxes().get(graph.signature().inputs().get(input).name()));
    }

    private static Optional<Integer> leading(SymbolicShape declared) {
        Shape shape = declared.shape();
        return shape.rank() > 0 && shape.rows() == Shape.VARIABLE ? Optional.of(0) : Optional.empty();
    }

    /** The first dimension that is named like one that counts rows. */
    private OptionalInt named(SymbolicShape declared) {
        for (int i = 0; i < declared.shape().rank(); i++) {
            if (isRows(declared, i)) {
                return OptionalInt.of(i);
            }
        }
        return OptionalInt.empty();
    }

    private boolean isRows(SymbolicShape declared, int dimension) {
        return declared.shape().dimension(dimension) == Shape.VARIABLE
                && rowNames.contains(declared.names().get(dimension));
    }

    private void checkAxis(String input) throws ModelRefusedException {
        int axis = config.batchAxes().getOrDefault(input, 0);
        List<TensorSpec> named = graph.signature().inputs().stream()
                .filter(spec -> spec.name().equals(input))
                .toList();
        if (named.isEmpty()) {
            throw new ModelRefusedException("model.yaml: batch_axis." + input + " must name an input, one of "
                    + graph.signature().inputs().stream().map(TensorSpec::name).toList());
        }
        Shape shape = named.getFirst().shape();
        if (axis >= shape.rank() || shape.dimension(axis) != Shape.VARIABLE) {
            throw new ModelRefusedException(
                    "model.yaml: batch_axis." + input + " must be a variable dimension of " + shape + ", was " + axis);
        }
    }

    /** The dimension of each output that may count rows. The probe finds where they are. */
    private List<OptionalInt> outputAxes() {
        List<OptionalInt> axes = new ArrayList<>();
        for (SymbolicShape declared : graph.outputShapes()) {
            OptionalInt named = named(declared);
            axes.add(named.isPresent() ? named : OptionalInt.of(0));
        }
        return axes;
    }

    private Optional<String> objection(List<OptionalInt> inputAxes) {
        if (config.maxBatchSize() == 0) {
            return Optional.of("model.yaml sets max_batch_size to 0");
        }
        return noRows(inputAxes).or(() -> unclearRows(inputAxes)).or(this::outputWithoutRows).or(this::mixedByOperators);
    }

    private Optional<String> noRows(List<OptionalInt> inputAxes) {
        if (inputAxes.stream().anyMatch(OptionalInt::isPresent)) {
            return Optional.empty();
        }
        return graph.signature().inputs().stream()
                .findFirst()
                .map(input -> "input '" + input.name() + "' of shape " + input.shape()
                        + " has no variable first dimension; export the model with one, so that requests share runs")
                .or(() -> Optional.of("it has no inputs"));
    }

    /** A shape such as [batch, batch], or strings whose rows are not in the first dimension. */
    private Optional<String> unclearRows(List<OptionalInt> inputAxes) {
        for (int i = 0; i < inputAxes.size(); i++) {
            TensorSpec input = graph.signature().inputs().get(i);
            if (inputAxes.get(i).orElse(0) > 0 && input.datatype() == Datatype.BYTES) {
                return Optional.of("strings such as input '" + input.name() + "' must have rows in the first dimension");
            }
            if (inputAxes.get(i).isPresent() && countRows(graph.inputShapes().get(i)) > 1) {
                return Optional.of(twice("input", input));
            }
        }
        for (int i = 0; i < graph.outputShapes().size(); i++) {
            if (countRows(graph.outputShapes().get(i)) > 1) {
                return Optional.of(twice("output", graph.signature().outputs().get(i)));
            }
        }
        return Optional.empty();
    }

    private static String twice(String side, TensorSpec spec) {
        return side + " '" + spec.name() + "' of shape " + spec.shape() + " names the rows in more than one dimension";
    }

    private long countRows(SymbolicShape declared) {
        long count = 0;
        for (int i = 0; i < declared.shape().rank(); i++) {
            count += isRows(declared, i) ? 1 : 0;
        }
        return count;
    }

    private Optional<String> outputWithoutRows() {
        return graph.signature().outputs().stream()
                .filter(output -> output.shape().rank() == 0)
                .findFirst()
                .map(output -> "output '" + output.name() + "' is a scalar, so it has no rows");
    }

    private Optional<String> mixedByOperators() {
        GraphTraits traits = graph.traits();
        if (config.batching() == Batching.TRUSTED) {
            return Optional.empty();
        }
        if (!traits.random().isEmpty()) {
            return Optional.of("it draws random numbers (" + String.join(", ", traits.random()) + ")");
        }
        if (!traits.quantizedByData().isEmpty() && config.batching() == Batching.PROVEN) {
            return Optional.of("it is quantized dynamically (" + String.join(", ", traits.quantizedByData())
                    + "), so the results of a row depend a little on the rows beside it;"
                    + " batching: approximate in model.yaml lets requests share runs all the same");
        }
        return traits.countedByData().isEmpty() ? Optional.empty() : outputCountedByData();
    }

    /** An output whose number of rows may come from the values must be declared to have those of the input. */
    private Optional<String> outputCountedByData() {
        for (int i = 0; i < graph.outputShapes().size(); i++) {
            SymbolicShape declared = graph.outputShapes().get(i);
            if (declared.shape().rows() == Shape.VARIABLE && named(declared).isEmpty()) {
                return Optional.of("the rows of output '" + graph.signature().outputs().get(i).name()
                        + "' may be counted by values (" + String.join(", ", graph.traits().countedByData())
                        + "), and its first dimension is not declared to be that of the input");
            }
        }
        return Optional.empty();
    }
}
