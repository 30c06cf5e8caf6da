package dev.penstock.tracing;

import dev.penstock.messages.TraceContext;
import java.util.Optional;

/** The trace of one batch, from the start of its run. Does nothing unless a member is sampled. Used by one thread at a time. */
public interface BatchTrace {
    BatchTrace NONE = new BatchTrace() {};

    /** The run begins now, in another process: the context by which that one continues the trace. */
    default TraceContext sent() {
        return TraceContext.NONE;
    }

    /** The run has ended. Not called for a batch that did not run. */
    default void ran(Run run) {}

    /**
     * One run of a model.
     *
     * @param rows of the batch
     * @param requests of the batch, traced or not
     * @param startNanos on this process's monotonic clock
     * @param endNanos on the same clock
     * @param error the kind of the failure; empty for a run that succeeded
     */
    record Run(int rows, int requests, long startNanos, long endNanos, Optional<String> error) {}
}
