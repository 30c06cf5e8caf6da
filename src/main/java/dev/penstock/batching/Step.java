package dev.penstock.batching;

import java.util.List;

/** What to do next. */
public sealed interface Step<R> {

    /**
     * Run these together; they share a key, and their rows fit.
     *
     * @param latestStartNanos a start after it would probably make a member late; hand the parts back then
     */
    record Run<R>(List<Part<R>> batch, int rows, Trigger trigger, long latestStartNanos) implements Step<R> {
        public Object key() {
            return batch.getFirst().of().key();
        }
    }

    /** Answer these with {@code expired}: they would probably be late. */
    record Expire<R>(List<Part<R>> parts) implements Step<R> {}

    /** Nothing to do before that time, unless another request arrives. */
    record WaitUntil<R>(long nanos) implements Step<R> {}

    /** Nothing waits. */
    record Idle<R>() implements Step<R> {}
}
