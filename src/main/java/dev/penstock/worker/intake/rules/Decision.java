package dev.penstock.worker.intake.rules;

import dev.penstock.protocol.Problem;
import dev.penstock.worker.accepted.AcceptedRecord;
import dev.penstock.worker.loop.Task;

/** How to go on with an accepted record. */
public sealed interface Decision {

    /** Hand the task to the version that it asks for. */
    record Serve(Task task) implements Decision {}

    /** Nothing for now: {@link IntakeRules#trial} or {@link IntakeRules#released} returns the task later. */
    record Wait() implements Decision {}

    /** Reply that the request was cancelled. */
    record Cancel(Task task) implements Decision {}

    /**
     * Publish the record once more, for a worker that serves its version.
     *
     * @param partition of the same topic
     * @param deadlineMillis the deadline of the request, by the broker's clock
     * @param isSuspect whether a worker may have ended because of it
     */
    record PassOn(AcceptedRecord record, int partition, long deadlineMillis, boolean isSuspect, Reject otherwise)
            implements Decision {}

    /** Make it a dead letter, and reply with the problem. */
    record Reject(AcceptedRecord record, Problem problem) implements Decision {}
}
