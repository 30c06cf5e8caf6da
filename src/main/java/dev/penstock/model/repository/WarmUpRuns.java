package dev.penstock.model.repository;

import dev.penstock.model.InferenceException;
import dev.penstock.model.InferenceException.Kind;
import dev.penstock.model.MeasuredRun;
import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.Slot;
import dev.penstock.model.config.ModelConfig;
import dev.penstock.model.config.WarmUp;
import dev.penstock.model.graph.OnnxGraph;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.TensorSpec;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * The warm-up of one session. Runs each combination of sizes with few rows first, and with more while time and memory allow. The next run
 * is expected to take as much more than the last as it has more rows. So a model that needs seconds or gigabytes for a batch is served
 * after a few small runs, and a small one after all of them.
 *
 * <p>Inputs without given values get ones, or zeros where ones fail. Neither may be what the model is made for, so a failure on them is a
 * note. Clock and memory are parameters. Confined to one thread.
 */
final class WarmUpRuns {
    private static final int GROWTH = 8;
    private static final int MAX_MEASURED_RUNS = 5;
    private static final long MEASURING_NANOS = 2_000_000_000L;
    private static final List<WarmUp.Element> MADE_UP = List.of(new WarmUp.Element(1, "1"), new WarmUp.Element(0, "0"));

    private final Slot slot;
    private final OnnxGraph graph;
    private final ModelConfig config;
    private final boolean isBudgeted;
    private final LongSupplier nanoClock;
    private final LongSupplier memoryBytes;
    private final long startNanos;
    private final long startBytes;
    private final List<MeasuredRun> measured = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final Set<Map<String, Long>> ended = new HashSet<>();
    private final Map<Map<String, Long>, Last> lastBySizes = new LinkedHashMap<>();
    private WarmUp.Element madeUp = MADE_UP.getFirst();
    private List<Shape> outputs = List.of();
    private Optional<WarmUp.Run> smallest = Optional.empty();
    private Optional<WarmUp.Run> largest = Optional.empty();

    /** @param grownBytes the growth of the process since the warm-up began, after the run */
    private record Last(int rows, long nanos, long grownBytes) {}

    /**
     * @param runs the durations, after a first run of each shape where time allowed
     * @param rowsPerSecond of the largest run; 0 if there was none
     * @param outputs the shapes that the last run returned; empty if there was none
     * @param notes for the operator: what was left out, and why
     */
    record Measured(List<MeasuredRun> runs, double rowsPerSecond, List<Shape> outputs, List<String> notes) {}

    /** @param isBudgeted false on a GPU: its first run of a shape is slow whatever the number of rows, and no request should wait for it */
    WarmUpRuns(
            Slot slot,
            OnnxGraph graph,
            ModelConfig config,
            boolean isBudgeted,
            LongSupplier nanoClock,
            LongSupplier memoryBytes) {
        this.slot = slot;
        this.graph = graph;
        this.config = config;
        this.isBudgeted = isBudgeted;
        this.nanoClock = nanoClock;
        this.memoryBytes = memoryBytes;
        this.startNanos = nanoClock.getAsLong();
        this.startBytes = memoryBytes.getAsLong();
    }

    /** @throws ModelRefusedException if a run with given values fails, or the device is lost */
    Measured run() throws ModelRefusedException {
        if (!config.warmUp().isOn()) {
            return new Measured(List.of(), 0, List.of(), List.of("it is not warmed up (warm_up: off)"));
        }
        for (WarmUp.Run step : steps()) {
            if (!ended.contains(step.sizes()) && isWithinBudget(step)) {
                run(step);
            }
        }
        double rowsPerSecond = rowsPerSecond();
        return new Measured(List.copyOf(measured), rowsPerSecond, outputs, List.copyOf(notes));
    }

    /** Runs the smallest batch once more that has succeeded, if one has. */
    void runSmallest() {
        smallest.ifPresent(run -> {
            try {
                time(run);
            } catch (InferenceException | ArithmeticException once) {
                // It has succeeded before; nothing depends on it.
            }
        });
    }

    /** The runs of model.yaml, and between two that differ in rows alone, runs that grow towards the second. */
    private List<WarmUp.Run> steps() throws ModelRefusedException {
        List<WarmUp.Run> steps = new ArrayList<>();
        for (WarmUp.Run run : config.warmUp().runs(graph, config)) {
            if (!steps.isEmpty() && steps.getLast().sizes().equals(run.sizes())) {
                for (long rows = (long) steps.getLast().rows() * GROWTH; rows < run.rows(); rows *= GROWTH) {
                    steps.add(new WarmUp.Run((int) rows, run.sizes()));
                }
            }
            steps.add(run);
        }
        return steps;
    }

    private boolean isWithinBudget(WarmUp.Run step) {
        WarmUp.Budget budget = config.warmUp().budget();
        if (inputBytes(step) > budget.memoryBytes()) {
            leaveOut(step, tooMuchMemory(inputBytes(step)));
            return false;
        }
        if (!isBudgeted) {
            return true;
        }
        long leftNanos = budget.time().toNanos() - (nanoClock.getAsLong() - startNanos);
        Last last = lastBySizes.getOrDefault(step.sizes(), new Last(step.rows(), 0, 0));
        double factor = (double) step.rows() / last.rows;
        if (2 * factor * last.nanos >= leftNanos) {
            leaveOut(
                    step,
                    String.format(
                            Locale.ROOT,
                            "would take more than %d s (warm_up.time)",
                            budget.time().toSeconds()));
            return false;
        }
        if (factor * last.grownBytes > budget.memoryBytes()) {
            leaveOut(step, tooMuchMemory(factor * last.grownBytes));
            return false;
        }
        return true;
    }

    private double inputBytes(WarmUp.Run step) {
        double bytes = 0;
        for (int i = 0; i < graph.inputShapes().size(); i++) {
            double elements = 1;
            for (long dimension : WarmUp.inputShapes(graph, step).get(i).toArray()) {
                elements *= dimension;
            }
            TensorSpec input = graph.signature().inputs().get(i);
            bytes += elements
                    * (input.datatype().isFixedSize() ? input.datatype().byteSize() : Integer.BYTES);
        }
        return bytes;
    }

    private String tooMuchMemory(double bytes) {
        double gib = 1L << 30;
        return String.format(
                Locale.ROOT,
                "would take about %.1f GiB, more than %.1f GiB (warm_up.memory); max_batch_size bounds what requests take",
                bytes / gib,
                config.warmUp().budget().memoryBytes() / gib);
    }

    /** Notes the first run that is left out; the others are larger. */
    private void leaveOut(WarmUp.Run step, String reason) {
        ended.add(step.sizes());
        if (notes.isEmpty()) {
            notes.add("it is not fully warm: the warm-up with " + step + " " + reason);
        }
    }

    private void run(WarmUp.Run step) throws ModelRefusedException {
        try {
            long nanos = firstRun(step);
            long left = config.warmUp().budget().time().toNanos() - (nanoClock.getAsLong() - startNanos);
            if (!isBudgeted || nanos <= left) {
                nanos = time(step); // the first run of a shape may be slow
            }
            measured.add(new MeasuredRun(step.rows(), WarmUp.inputShapes(graph, step), nanos));
            lastBySizes.put(step.sizes(), new Last(step.rows(), nanos, memoryBytes.getAsLong() - startBytes));
            largest = Optional.of(step);
            if (smallest.isEmpty()) {
                smallest = largest;
            }
        } catch (InferenceException | ArithmeticException failure) {
            failed(step, failure);
        }
    }

    /** Until one run has succeeded, tries all made-up values. */
    private long firstRun(WarmUp.Run step) throws InferenceException {
        if (largest.isEmpty()) {
            for (WarmUp.Element element : MADE_UP) {
                madeUp = element;
                try {
                    return time(step);
                } catch (InferenceException failure) {
                    if (element.equals(MADE_UP.getLast()) || failure.kind() != Kind.FAILED) {
                        throw failure;
                    }
                }
            }
        }
        return time(step);
    }

    private void failed(WarmUp.Run step, Exception failure) throws ModelRefusedException {
        String advice = step.sizes().isEmpty() ? "" : "; set warm_up.sizes to sizes that the model accepts";
        String message = "the warm-up with " + step + " failed: " + failure.getMessage();
        boolean isLost = failure instanceof InferenceException lost && lost.kind() == Kind.DEVICE_LOST;
        if (isLost || !config.warmUp().values().isEmpty()) {
            throw new ModelRefusedException(message + advice, failure);
        }
        ended.add(step.sizes());
        notes.add(message + advice + "; give real elements in warm_up.values, or set warm_up: off");
    }

    private double rowsPerSecond() throws ModelRefusedException {
        if (largest.isEmpty()) {
            return 0;
        }
        WarmUp.Run run = largest.get();
        List<Long> nanos = new ArrayList<>(List.of(measured.getLast().nanos()));
        long start = nanoClock.getAsLong();
        try {
            while (nanos.size() < MAX_MEASURED_RUNS
                    && nanoClock.getAsLong() - start + nanos.getLast() < MEASURING_NANOS) {
                nanos.add(time(run));
            }
        } catch (InferenceException | ArithmeticException failure) {
            failed(run, failure);
        }
        nanos.sort(null);
        return run.rows() * 1e9 / Math.max(1, nanos.get(nanos.size() / 2));
    }

    /** Runs a batch of requests of one row. Returns the duration in nanoseconds. */
    private long time(WarmUp.Run run) throws InferenceException {
        List<Tensor> row = new ArrayList<>();
        List<Shape> shapes = WarmUp.inputShapes(graph, new WarmUp.Run(1, run.sizes()));
        for (int i = 0; i < shapes.size(); i++) {
            row.add(tensor(graph.signature().inputs().get(i), shapes.get(i)));
        }
        long start = nanoClock.getAsLong();
        slot.assemble(Collections.nCopies(run.rows(), row));
        outputs = slot.run().stream().map(Tensor::shape).toList();
        return nanoClock.getAsLong() - start;
    }

    /** The given elements, or the made-up one, repeated to fill the shape. */
    private Tensor tensor(TensorSpec input, Shape shape) {
        List<byte[]> elements = config.warmUp().values().getOrDefault(input.name(), List.of(madeUp)).stream()
                .map(element -> element.bytes(input.datatype()))
                .toList();
        int count = Math.toIntExact(shape.elements());
        long bytes = 0;
        for (byte[] element : elements) {
            bytes += element.length;
        }
        long whole = count / elements.size();
        long size = Math.multiplyExact(whole, bytes);
        for (int i = 0; i < count % elements.size(); i++) {
            size += elements.get(i).length;
        }
        ByteBuffer data = ByteBuffer.allocate(Math.toIntExact(size));
        for (int i = 0; i < count; i++) {
            data.put(elements.get(i % elements.size()));
        }
        return new Tensor(input.name(), input.datatype(), shape, data.flip());
    }
}
