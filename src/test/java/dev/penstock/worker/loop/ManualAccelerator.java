package dev.penstock.worker.loop;

import dev.penstock.model.InferenceException;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

/** Echoes its inputs. Fails a batch that holds {@link #BAD}, as a model does whose run fails as a whole. */
final class ManualAccelerator implements Accelerator {
    /** A value that makes its batch fail. */
    static final int BAD = -1;

    final Deque<Runnable> completions = new ArrayDeque<>();
    final List<Integer> sizes = new ArrayList<>();
    List<Integer> values = List.of();
    int memoryRows = 100;
    boolean isLost;
    boolean isTooLate;
    boolean isUnavailable;
    long latestStart;
    long latestEnd;
    long startNanos;

    @Override
    public void start(Batch started, Consumer<Result> done) {
        List<Integer> batch = new ArrayList<>();
        started.requests().forEach(inputs -> batch.addAll(values(inputs.getFirst())));
        values = batch;
        sizes.add(batch.size());
        latestStart = started.latestStartNanos();
        latestEnd = started.latestEndNanos();
        completions.add(() -> done.accept(result(batch)));
    }

    private Result result(List<Integer> batch) {
        if (isTooLate) {
            return new TooLate();
        }
        if (isLost) {
            return new Broke(InferenceException.Kind.DEVICE_LOST, "CUDA failure 700");
        }
        if (isUnavailable) {
            return new Broke(InferenceException.Kind.UNAVAILABLE, "the centre is away");
        }
        if (batch.size() > memoryRows) {
            return new Broke(InferenceException.Kind.OUT_OF_MEMORY, "out of memory");
        }
        if (batch.contains(BAD)) {
            return new Broke(InferenceException.Kind.FAILED, "bad row");
        }
        ByteBuffer data = ByteBuffer.allocate(batch.size());
        batch.forEach(value -> data.put(value.byteValue()));
        return new Ran(
                List.of(new Tensor("y", Datatype.INT8, Shape.of(batch.size(), 1), data.flip())), startNanos, 5, 1);
    }

    List<Integer> running() {
        return values;
    }

    boolean isBusy() {
        return !completions.isEmpty();
    }

    void finish() {
        completions.remove().run();
    }

    static List<Integer> values(Tensor tensor) {
        List<Integer> values = new ArrayList<>();
        for (int i = 0; i < tensor.data().limit(); i++) {
            values.add((int) tensor.data().get(i));
        }
        return values;
    }
}
