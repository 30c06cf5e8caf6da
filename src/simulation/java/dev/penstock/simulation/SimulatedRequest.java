package dev.penstock.simulation;

import dev.penstock.messages.CorrelationId;
import dev.penstock.model.config.PaddingPlan;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import dev.penstock.worker.accepted.AcceptedRecord;
import dev.penstock.worker.accepted.LogPartition;
import dev.penstock.worker.accepted.SourceRecord;
import dev.penstock.worker.loop.Task;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** One request of a simulation, its record in the log, and its outcome. Its rows hold its index, so that a mixed-up answer shows. */
final class SimulatedRequest implements SourceRecord {
    private static final int BYTES = 100;
    private static final InferenceRequest REQUEST =
            new InferenceRequest(Optional.empty(), Map.of(), List.of(), List.of(), false);

    final int index;
    final Lane lane;
    final int key;
    final int rows;
    final boolean isBad;
    final long arrivalNanos;
    final long deadlineNanos;
    private LogPartition partition = SimulatedLog.name(Lane.INTERACTIVE, 0);
    private long offset;

    /** The number of times that workers took it off the log: more than one if its partition moved before the commit. */
    int deliveries;

    int replies;
    boolean hasStarted;
    long repliedNanos;
    String outcome = "";

    SimulatedRequest(int index, Lane lane, int key, int rows, boolean isBad, long arrivalNanos, long deadlineNanos) {
        this.index = index;
        this.lane = lane;
        this.key = key;
        this.rows = rows;
        this.isBad = isBad;
        this.arrivalNanos = arrivalNanos;
        this.deadlineNanos = deadlineNanos;
    }

    void place(LogPartition log, long at) {
        partition = log;
        offset = at;
    }

    /** Rows of another key have another width, so that a batch of mixed keys shows. */
    Task task(AcceptedRecord accepted) {
        ByteBuffer data = ByteBuffer.allocate(rows * (key + 1) * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int row = 0; row < rows; row++) {
            data.putInt(row * (key + 1) * Integer.BYTES, index);
        }
        Tensor input = new Tensor("x", Datatype.INT32, Shape.of(rows, key + 1), data);
        return new Task(
                accepted,
                lane,
                REQUEST,
                List.of(input),
                new PaddingPlan(key, Integer.MAX_VALUE, Map.of()),
                arrivalNanos,
                deadlineNanos);
    }

    boolean isWaiting() {
        return deliveries > 0 && !hasStarted && outcome.isEmpty();
    }

    /** Some of it may have started, and some may still wait. */
    boolean isInParts() {
        return deliveries > 0 && rows > 1 && outcome.isEmpty();
    }

    boolean isLate() {
        return repliedNanos > deadlineNanos;
    }

    @Override
    public LogPartition partition() {
        return partition;
    }

    @Override
    public long offset() {
        return offset;
    }

    @Override
    public long timestampMillis() {
        return arrivalNanos / 1_000_000;
    }

    @Override
    public int bytes() {
        return BYTES;
    }

    @Override
    public CorrelationId correlationId() {
        return CorrelationId.of(Integer.toString(index));
    }

    @Override
    public Optional<String> modelVersion() {
        return Optional.empty();
    }

    @Override
    public byte @Nullable [] key() {
        return null;
    }

    @Override
    public byte @Nullable [] value() {
        return null;
    }

    @Override
    public void forEachHeader(BiConsumer<String, byte[]> visitor) {
        // it has none
    }
}
