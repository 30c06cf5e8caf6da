package dev.penstock.tracing;

import dev.penstock.messages.TraceContext;

/** The trace of one HTTP call at the ingress. Thread-safe. */
public interface CallTrace {

    /** Passes on the context that the call came with, and does nothing else. */
    static CallTrace untraced(TraceContext context) {
        return context.equals(TraceContext.NONE) ? Untraced.WITHOUT_CONTEXT : new Untraced(context);
    }

    /** Its request is about to be published. Returns the context that the record carries. */
    TraceContext publishing(String requestId, String model, String topic);

    /** Kafka has the record, or not. */
    default void published(boolean isAcknowledged) {}

    /** Something happened to the call that whoever looks at its trace should see. */
    default void note(String event) {}

    /** Runs a measurement that this trace is an example of. */
    default void asExample(Runnable measurement) {
        measurement.run();
    }

    /**
     * The caller has the response.
     *
     * @param isWritten false when the caller was gone
     */
    default void answered(int status, boolean isWritten) {}

    /** A call without spans. */
    record Untraced(TraceContext context) implements CallTrace {
        private static final Untraced WITHOUT_CONTEXT = new Untraced(TraceContext.NONE);

        @Override
        public TraceContext publishing(String requestId, String model, String topic) {
            return context;
        }
    }
}
