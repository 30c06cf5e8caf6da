package dev.penstock.worker.loop;

import dev.penstock.messages.Outcome;
import dev.penstock.messages.Timings;
import dev.penstock.protocol.Tensor;
import java.util.List;

/** Where outcomes go. */
public interface Replies {

    /** The outcome of a task whose rows begin at {@code fromRow} of a batch's outputs. */
    Outcome outcome(Task task, List<Tensor> batchOutputs, int fromRow);

    /** Whether whoever sent it has taken it back. */
    default boolean isCancelled(Task task) {
        return false;
    }

    /** How long a request and its answer are on their ways, as far as no clock of ours counts them: as much earlier a run must end. From any thread. */
    default long deliveryNanos() {
        return 0;
    }

    /** Answers whoever waits, and settles the task's place in the log once the answer is safe. */
    void send(Task task, Outcome outcome, Timings timings);
}
