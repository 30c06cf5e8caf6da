package dev.penstock.worker.loop;

import dev.penstock.messages.Outcome;
import dev.penstock.messages.Timings;
import dev.penstock.protocol.Tensor;
import java.util.List;
import java.util.Map;

/** Makes outcomes and sends them to the callers. */
public interface Replies {

    /**
     * The outcome of a task whose rows begin at {@code fromRow} of a batch's outputs.
     *
     * @param remarks parameters of the answer: how it came about
     */
    Outcome outcome(Task task, List<Tensor> batchOutputs, int fromRow, Map<String, Object> remarks);

    /** Whether its sender has cancelled it. */
    default boolean isCancelled(Task task) {
        return false;
    }

    /**
     * The time that a request and its reply spend on their way, as far as this worker's clocks do not see it. A run must end that much
     * before the deadline. Callable from any thread.
     */
    default long deliveryNanos() {
        return 0;
    }

    /** Runs {@code sends}, which sends so many replies, and lets them go together. */
    default void together(int many, Runnable sends) {
        sends.run();
    }

    /** Sends the reply, and settles the task's record once the reply is safe. */
    void send(Task task, Outcome outcome, Timings timings);
}
