package dev.penstock.simulation;

import dev.penstock.model.config.Fit;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import dev.penstock.worker.loop.Task;
import dev.penstock.worker.offsets.OffsetLedger;
import dev.penstock.worker.offsets.Origin;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** One request of a simulation and what has become of it. Its rows hold its index, so that nobody gets another's answer. */
final class SimulatedRequest {
    private static final ConsumerRecord<byte[], byte[]> RECORD =
            new ConsumerRecord<>("simulated", 0, 0, new byte[0], new byte[0]);
    private static final InferenceRequest REQUEST =
            new InferenceRequest(Optional.empty(), Map.of(), List.of(), List.of(), false);

    final int index;
    final Lane lane;
    final int key;
    final int rows;
    final boolean isBad;
    final long arrivalNanos;
    final long deadlineNanos;
    boolean isTaken;
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

    /** The row's width is the key's: who mixes keys mixes shapes. */
    Task task(OffsetLedger.Position position) {
        ByteBuffer data = ByteBuffer.allocate(rows * (key + 1) * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int row = 0; row < rows; row++) {
            data.putInt(row * (key + 1) * Integer.BYTES, index);
        }
        Tensor input = new Tensor("x", Datatype.INT32, Shape.of(rows, key + 1), data);
        Origin origin = new Origin(RECORD, position, Integer.toString(index), Optional.empty(), "1");
        return new Task(
                origin,
                lane,
                REQUEST,
                List.of(input),
                new Fit(key, Integer.MAX_VALUE, Map.of()),
                arrivalNanos,
                deadlineNanos);
    }

    boolean isWaiting() {
        return isTaken && !hasStarted && outcome.isEmpty();
    }

    /** Some of it may have started, and some may still wait. */
    boolean isInParts() {
        return isTaken && rows > 1 && outcome.isEmpty();
    }

    boolean isLate() {
        return repliedNanos > deadlineNanos;
    }
}
