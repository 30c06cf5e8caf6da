package dev.penstock.model.probe;

import dev.penstock.model.InferenceException;
import dev.penstock.model.Slot;
import dev.penstock.model.config.Batching;
import dev.penstock.model.config.ModelConfig;
import dev.penstock.model.graph.OnnxGraph;
import dev.penstock.model.probe.MadeUpRows.Floats;
import dev.penstock.model.probe.MadeUpRows.Values;
import dev.penstock.protocol.RunMode;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.TensorSpec;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;

/**
 * Proves that a loaded model treats rows independently, or finds the reason why nothing proves it.
 *
 * <p>Made-up, unequal rows run alone, then together in several numbers and orders. Each row must get the same result. The dimension of
 * an output that grows with the number of rows, and no other, has its rows: what ran counts, not what was declared. The first row
 * runs twice, so that a model that gives two answers to one question is found. An output that is the same for all made-up rows proves
 * nothing.
 */
public final class RowProbe {
    private static final long BUDGET_NANOS = Duration.ofSeconds(10).toNanos();

    /** A row that takes longer leaves no time for the runs that a proof needs. */
    private static final long SLOWEST_ROW_NANOS = BUDGET_NANOS / 5;

    /** A row that takes longer is proven with fewer runs. */
    private static final long SLOW_ROW_NANOS = BUDGET_NANOS / 50;

    private static final int MOST_ROWS = 33;
    private static final double MOST_BYTES = 64 << 20;

    /**
     * How far a result may move at most, see {@link OutputComparison#movement}. Below a half it is still nearer to the row's own result than
     * to another row's.
     */
    private static final double APPROXIMATE = 0.5;

    /** Sizes of variable dimensions to try after those of the warm-up: of text, of images, and the least. */
    private static final List<Long> SIZES = List.of(64L, 224L, 1L);

    private static final List<Values> VALUES = List.of(
            new Values(Floats.NORMAL, 1, 9, true),
            new Values(Floats.NORMAL, 1, 2, true),
            new Values(Floats.NORMAL, 0, 1, false));

    private static final List<List<Integer>> GROUPS = List.of(List.of(1, 0), List.of(4, 3, 2, 1, 0));
    private static final List<List<Integer>> FEW_GROUPS = List.of(List.of(1, 0));

    private final Slot slot;
    private final OnnxGraph candidate;
    private final ModelConfig config;
    private final LongSupplier nanoClock;
    private long startNanos;
    private final List<OptionalInt> outputAxes = new ArrayList<>();
    private final Set<Integer> varied = new HashSet<>();
    private double mostMovement;
    private long rowNanos;
    private String failure = "";
    private List<Shape> ranShapes = List.of();

    /** Nothing proves that the rows are independent. */
    private static final class UnprovenException extends Exception {
        UnprovenException(String reason) {
            super(reason);
        }
    }

    /**
     * @param slot runs whole requests of the candidate, without rows
     * @param candidate from {@link RowCandidates}, with mode {@code UNPROVEN}
     */
    public RowProbe(Slot slot, OnnxGraph candidate, ModelConfig config, LongSupplier nanoClock) {
        this.slot = slot;
        this.candidate = candidate;
        this.config = config;
        this.nanoClock = nanoClock;
        this.startNanos = nanoClock.getAsLong();
        candidate.outputShapes().forEach(output -> outputAxes.add(OptionalInt.empty()));
    }

    /** The graph with proven rows, or without any and with the reason. */
    public OnnxGraph decide() {
        try {
            Optional<MadeUpRows> rows = rowsThatRun();
            if (rows.isEmpty()) {
                return notRun();
            }
            trial(rows.get());
            // Beside a row of large numbers, dynamic quantization leaves nothing of a row of small ones.
            if (isFast() && config.batching() != Batching.APPROXIMATE) {
                trialIfItRuns(rows.get().with(Floats.WIDE));
            }
            if (!unvaried().isEmpty()) {
                trialIfItRuns(rows.get().with(Floats.UNIT));
            }
            requireVaried();
            return asRun().withRows(
                            candidate.signature().inputs().stream()
                                    .map(TensorSpec::rowAxis)
                                    .toList(),
                            outputAxes,
                            RunMode.batched(proof()));
        } catch (UnprovenException unproven) {
            return asRun().oneByOne(String.valueOf(unproven.getMessage()));
        } catch (InferenceException broke) {
            return asRun().oneByOne("a probe of its rows failed: " + broke.getMessage());
        }
    }

    private OnnxGraph asRun() {
        return candidate.asRun(ranShapes);
    }

    private OnnxGraph notRun() {
        if (config.batching() == Batching.TRUSTED) {
            return candidate.withRows(
                    candidate.signature().inputs().stream()
                            .map(TensorSpec::rowAxis)
                            .toList(),
                    candidate.signature().outputs().stream()
                            .map(TensorSpec::rowAxis)
                            .toList(),
                    RunMode.batched("model.yaml says batching: trusted"));
        }
        return candidate.oneByOne("made-up input does not run, so nothing proves that its rows are independent ("
                + failure + "); batching: trusted in model.yaml says that they are");
    }

    private String proof() {
        if (config.batching() == Batching.TRUSTED) {
            return "model.yaml says batching: trusted";
        }
        return mostMovement > 0
                ? String.format(
                        Locale.ROOT,
                        "results move by up to %.0f %% of the distance between rows when others run beside them,"
                                + " and model.yaml says batching: approximate",
                        100 * mostMovement)
                : "rows get the same results alone and beside others";
    }

    /** The first made-up rows that the model takes: with the sizes of its warm-up, then others; with small integers, then smaller. */
    private Optional<MadeUpRows> rowsThatRun() throws UnprovenException {
        for (Map<String, Long> sizes : sizes()) {
            for (Values values : VALUES) {
                MadeUpRows rows = new MadeUpRows(candidate, sizes, values);
                if (rows.rowBytes() > MOST_BYTES) {
                    continue;
                }
                try {
                    measureRow(rows.row(0));
                    runOthers(rows);
                } catch (InferenceException broke) {
                    failure = firstLine(String.valueOf(broke.getMessage()));
                    continue;
                }
                return Optional.of(rows);
            }
        }
        return Optional.empty();
    }

    /** The first run may compile or search for kernels. It does not count. */
    private void measureRow(List<Tensor> row) throws UnprovenException, InferenceException {
        run(row);
        startNanos = nanoClock.getAsLong();
        run(row);
        rowNanos = nanoClock.getAsLong() - startNanos;
        if (rowNanos > SLOWEST_ROW_NANOS) {
            throw new UnprovenException(
                    String.format(Locale.ROOT, "a row takes %.1f s, too long to probe its rows", rowNanos / 1e9));
        }
    }

    /** An index of one row may be within a table, and that of another beyond it. */
    private void runOthers(MadeUpRows rows) throws UnprovenException, InferenceException {
        for (int row = 1; row < distinctRows(); row++) {
            run(rows.row(row));
        }
    }

    private int distinctRows() {
        return groups().getLast().size();
    }

    private List<List<Integer>> groups() {
        return isFast() ? GROUPS : FEW_GROUPS;
    }

    private static String firstLine(String text) {
        return text.lines().findFirst().orElse("");
    }

    private List<Map<String, Long>> sizes() {
        Map<String, Long> first = config.warmUp().smallest(candidate, config).sizes();
        List<Map<String, Long>> all = new ArrayList<>(List.of(first));
        for (long size : SIZES) {
            Map<String, Long> other = new LinkedHashMap<>(first);
            other.replaceAll((name, known) -> isConfigured(name) ? known : size);
            if (!all.contains(other)) {
                all.add(other);
            }
        }
        return all;
    }

    private boolean isConfigured(String dimension) {
        return config.warmUp().sizes().containsKey(dimension)
                || config.shapeBuckets().dimensions().containsKey(dimension);
    }

    private boolean isFast() {
        return rowNanos < SLOW_ROW_NANOS;
    }

    /** Floating-point values of another kind need not run. */
    private void trialIfItRuns(MadeUpRows rows) throws UnprovenException, InferenceException {
        try {
            run(rows.row(0));
            runOthers(rows);
        } catch (InferenceException notThese) {
            return;
        }
        trial(rows);
    }

    private void trial(MadeUpRows rows) throws UnprovenException, InferenceException {
        List<List<Tensor>> alone = new ArrayList<>();
        for (int row = 0; row < distinctRows(); row++) {
            alone.add(run(rows.row(row)));
        }
        List<Tensor> again = run(rows.row(0));
        List<OutputComparison> comparisons = new ArrayList<>();
        for (int i = 0; i < candidate.outputShapes().size(); i++) {
            comparisons.add(comparison(i, alone, again.get(i)));
        }
        for (List<Integer> group : groups()) {
            compare(rows, group, alone, comparisons);
        }
        List<Integer> many = many();
        if (isFast() && many.size() > distinctRows() && many.size() * rows.rowBytes() < MOST_BYTES) {
            compare(rows, many, alone, comparisons);
        }
    }

    /** As many rows as a run may have. */
    private List<Integer> many() {
        int distinct = GROUPS.getLast().size();
        return IntStream.range(0, Math.min(MOST_ROWS, config.rowsPerRun()))
                .map(i -> i * 2 % distinct)
                .boxed()
                .toList();
    }

    private OutputComparison comparison(int output, List<List<Tensor>> alone, Tensor again) throws UnprovenException {
        List<Tensor> ofRows = alone.stream().map(outputs -> outputs.get(output)).toList();
        Shape shape = ofRows.getFirst().shape();
        if (ofRows.stream().anyMatch(row -> !row.shape().equals(shape))) {
            throw new UnprovenException("the shape of output '" + again.name() + "' depends on the values");
        }
        OutputComparison comparison = new OutputComparison(ofRows);
        boolean isSteady = again.shape().equals(shape) && comparison.isEqual(0, again);
        if (!isSteady && config.batching() != Batching.TRUSTED) {
            throw new UnprovenException("output '" + again.name() + "' is not the same when the same input runs again");
        }
        if (comparison.varies()) {
            varied.add(output);
        }
        return comparison;
    }

    private void compare(
            MadeUpRows rows, List<Integer> group, List<List<Tensor>> alone, List<OutputComparison> comparisons)
            throws UnprovenException {
        List<Tensor> together;
        try {
            together = run(rows.rows(group));
        } catch (InferenceException broke) {
            if (broke.kind() == InferenceException.Kind.OUT_OF_MEMORY && !GROUPS.contains(group)) {
                return; // runs of so many rows will not happen
            }
            throw new UnprovenException(
                    group.size() + " rows do not run together: " + firstLine(String.valueOf(broke.getMessage())));
        }
        for (int i = 0; i < together.size(); i++) {
            Tensor output = together.get(i);
            int axis = rowAxis(i, alone.getFirst().get(i).shape(), output, group.size());
            for (int at = 0; at < group.size(); at++) {
                compare(comparisons.get(i), group.get(at), output.rows(axis, at, 1));
            }
        }
    }

    private void compare(OutputComparison comparison, int row, Tensor beside) throws UnprovenException {
        if (config.batching() == Batching.TRUSTED || comparison.isEqual(row, beside)) {
            return;
        }
        if (config.batching() == Batching.APPROXIMATE) {
            double movement = comparison.isFloat() ? comparison.movement(row, beside) : 0;
            mostMovement = Math.max(mostMovement, movement);
            if (movement <= APPROXIMATE) {
                return;
            }
        }
        throw new UnprovenException("output '" + beside.name() + "' of a row is another with other rows beside it");
    }

    /** The only dimension that is 1 for one row and n for n rows. */
    private int rowAxis(int index, Shape alone, Tensor together, int rows) throws UnprovenException {
        OptionalInt found = OptionalInt.empty();
        boolean fits = alone.rank() == together.shape().rank();
        for (int i = 0; fits && i < alone.rank(); i++) {
            if (alone.dimension(i) != together.shape().dimension(i)) {
                fits = found.isEmpty()
                        && alone.dimension(i) == 1
                        && together.shape().dimension(i) == rows;
                found = OptionalInt.of(i);
            }
        }
        OptionalInt known = outputAxes.get(index);
        boolean isBytesWithinRows = !together.datatype().isFixedSize() && found.orElse(0) > 0;
        if (!fits || found.isEmpty() || isBytesWithinRows || (known.isPresent() && !known.equals(found))) {
            throw new UnprovenException("output '" + together.name() + "' is " + alone + " for one row and "
                    + together.shape() + " for " + rows + ", so it has no dimension that counts rows");
        }
        outputAxes.set(index, found);
        return found.getAsInt();
    }

    private List<String> unvaried() {
        List<TensorSpec> outputs = candidate.signature().outputs();
        return IntStream.range(0, outputs.size())
                .filter(i -> !varied.contains(i))
                .filter(i -> varied.isEmpty()
                        || OutputComparison.isFloat(outputs.get(i).datatype()))
                .mapToObj(i -> outputs.get(i).name())
                .toList();
    }

    private void requireVaried() throws UnprovenException {
        if (!unvaried().isEmpty() && config.batching() != Batching.TRUSTED) {
            throw new UnprovenException("output '" + unvaried().getFirst()
                    + "' is the same for all made-up rows, so nothing proves that its rows are independent;"
                    + " batching: trusted in model.yaml says that they are");
        }
    }

    /** Runs one request. The outputs are copies, since those of a slot are overwritten by its next run. */
    private List<Tensor> run(List<Tensor> inputs) throws UnprovenException, InferenceException {
        if (nanoClock.getAsLong() - startNanos > BUDGET_NANOS) {
            throw new UnprovenException("a probe of its rows takes longer than "
                    + Duration.ofNanos(BUDGET_NANOS).toSeconds() + " s");
        }
        slot.assemble(List.of(inputs));
        List<Tensor> copies = new ArrayList<>();
        for (Tensor output : slot.run()) {
            ByteBuffer data = ByteBuffer.allocate(output.data().limit());
            data.put(0, output.data(), 0, output.data().limit());
            copies.add(new Tensor(output.name(), output.datatype(), output.shape(), data));
        }
        if (ranShapes.isEmpty()) {
            ranShapes = copies.stream().map(Tensor::shape).toList();
        }
        return copies;
    }
}
