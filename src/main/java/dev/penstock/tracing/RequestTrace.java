package dev.penstock.tracing;

import dev.penstock.messages.Outcome;
import dev.penstock.messages.Timings;
import dev.penstock.messages.TraceContext;
import java.util.List;
import java.util.Optional;

/** The trace of one request at a worker, from the log to the reply. Does nothing unless the request is sampled. Thread-safe. */
public interface RequestTrace {
    RequestTrace NONE = new RequestTrace() {};

    default boolean isTraced() {
        return false;
    }

    /**
     * The lookup of its features has just ended.
     *
     * @param result the quality of the features, or {@code failed}
     * @param nanos how long it took
     */
    default void lookedUp(String result, long nanos) {}

    /**
     * A batch is about to run. Called for one member, which traces it for all.
     *
     * @param members those that are traced
     */
    default BatchTrace batch(List<RequestTrace> members) {
        return BatchTrace.NONE;
    }

    /** Its outcome is known. */
    default void outcome(String model, String version, Outcome outcome, Timings timings) {}

    /** Its reply is about to be sent to that topic. */
    default void replying(String topic) {}

    /** The context that the reply carries instead of the request's; empty when it is to carry the request's. */
    default Optional<TraceContext> replyContext() {
        return Optional.empty();
    }

    /** The broker has the reply, or never will. */
    default void replied(boolean isDelivered) {}

    /** Something happened to the request that whoever looks at its trace should see. */
    default void note(String event) {}

    /** Runs a measurement that this trace is an example of. */
    default void asExample(Runnable measurement) {
        measurement.run();
    }

    /** Its record is settled. */
    default void settled() {}
}
