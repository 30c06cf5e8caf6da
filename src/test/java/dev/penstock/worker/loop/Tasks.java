package dev.penstock.worker.loop;

import dev.penstock.messages.Topics;
import dev.penstock.model.config.PaddingPlan;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import dev.penstock.worker.accepted.AcceptedRecords;
import dev.penstock.worker.accepted.ReplyAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Requests of one input, without a log. */
final class Tasks {
    private static final PaddingPlan PLAN = new PaddingPlan("key", 8, Map.of());

    private Tasks() {}

    static Task task(String name, int value, long deadlineNanos) {
        return task(name, value, deadlineNanos, 0);
    }

    static Task awaited(String name, int value, long deadlineNanos) {
        Task task = task(name, value, deadlineNanos);
        task.record().replyTo(new ReplyAddress(Topics.REPLIES, Optional.of(0)));
        return task;
    }

    static Task task(String name, byte[] values, long deadlineNanos) {
        return task(name, values, deadlineNanos, 0);
    }

    static Task task(String name, int value, long deadlineNanos, long arrivalNanos) {
        return task(name, new byte[] {(byte) value}, deadlineNanos, arrivalNanos);
    }

    static Task fromEdge(String name, int value, long deadlineNanos) {
        Task task = task(name, value, deadlineNanos);
        return new Task(
                AcceptedRecords.openFromEdge(name),
                task.lane(),
                task.request(),
                task.inputs(),
                task.paddingPlan(),
                task.arrivalNanos(),
                task.deadlineNanos());
    }

    static Task task(String name, byte[] values, long deadlineNanos, long arrivalNanos) {
        Tensor input = new Tensor("x", Datatype.INT8, Shape.of(values.length, 1), ByteBuffer.wrap(values));
        InferenceRequest request = new InferenceRequest(Optional.empty(), Map.of(), List.of(input), List.of(), false);
        return new Task(
                AcceptedRecords.open(name),
                Lane.INTERACTIVE,
                request,
                List.of(input),
                PLAN,
                arrivalNanos,
                deadlineNanos);
    }
}
