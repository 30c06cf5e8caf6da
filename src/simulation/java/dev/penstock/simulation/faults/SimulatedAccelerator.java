package dev.penstock.simulation.faults;

import dev.penstock.model.InferenceException.Kind;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import dev.penstock.worker.loop.Accelerator;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/** A session with two slots, of a model that returns its input. A row with {@link #BAD} fails its batch, a deadly one ends the process. */
final class SimulatedAccelerator {
    static final int BAD = -1;
    private static final int DEADLY = -1000;

    private final SimulatedProcess process;
    private final Random random;
    private final long fixedNanos;
    private final long rowNanos;
    private final IntConsumer died;
    private final Deque<Batch> pending = new ArrayDeque<>();
    private boolean isRunning;

    private record Batch(List<Tensor> inputs, long latestStartNanos, Consumer<Accelerator.Result> done) {
        int rows() {
            return inputs.stream().mapToInt(input -> (int) input.shape().rows()).sum();
        }

        boolean isBad() {
            return inputs.stream().anyMatch(input -> input.data().getInt(0) == BAD);
        }

        /** The number of a request that ends the process. */
        OptionalInt deadly() {
            return inputs.stream()
                    .mapToInt(input -> input.data().getInt(0))
                    .filter(value -> value <= DEADLY)
                    .map(value -> DEADLY - value)
                    .findFirst();
        }

        Tensor echo() {
            ByteBuffer all = ByteBuffer.allocate(inputs.stream()
                            .mapToInt(input -> input.data().limit())
                            .sum())
                    .order(ByteOrder.LITTLE_ENDIAN);
            inputs.forEach(input -> all.put(input.data().duplicate().rewind()));
            return new Tensor("y", Datatype.INT32, Shape.of(rows(), 3), all.flip());
        }
    }

    /** @param died hears the number of the request that has ended the process */
    SimulatedAccelerator(SimulatedProcess process, Random random, long fixedNanos, long rowNanos, IntConsumer died) {
        this.process = process;
        this.random = random;
        this.fixedNanos = fixedNanos;
        this.rowNanos = rowNanos;
        this.died = died;
    }

    /** What the rows of a deadly request hold. */
    static int deadly(int number) {
        return DEADLY - number;
    }

    List<Accelerator> slots() {
        return List.of(this::start, this::start);
    }

    private void start(Accelerator.Batch batch, Consumer<Accelerator.Result> done) {
        List<Tensor> inputs = batch.requests().stream().map(List::getFirst).toList();
        pending.add(new Batch(inputs, batch.latestStartNanos(), done));
        if (!isRunning) {
            isRunning = true;
            process.after(0, this::runNext);
        }
    }

    private void runNext() {
        Batch batch = pending.poll();
        isRunning = batch != null;
        if (batch == null) {
            return;
        }
        long start = process.nanos();
        if (start > batch.latestStartNanos) {
            batch.done.accept(new Accelerator.TooLate());
            process.after(0, this::runNext);
            return;
        }
        long nanos = (long) ((fixedNanos + rowNanos * batch.rows()) * (0.9 + 0.2 * random.nextDouble()));
        process.after(nanos, () -> {
            if (batch.deadly().isPresent()) {
                died.accept(batch.deadly().getAsInt());
                return;
            }
            batch.done.accept(
                    batch.isBad()
                            ? new Accelerator.Broke(Kind.FAILED, "bad row")
                            : new Accelerator.Ran(List.of(batch.echo()), start, nanos, 2000));
            runNext();
        });
    }
}
