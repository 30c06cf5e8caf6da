package dev.penstock.batching;

import java.util.List;

/** The next action of the caller. */
public sealed interface Step<R> {

    /**
     * Run these together. They share a key, and their rows fit.
     *
     * @param latestStartNanos a later start would probably make a member late; then offer the parts again instead
     */
    record Run<R>(List<Part<R>> batch, int rows, Trigger trigger, long latestStartNanos) implements Step<R> {
        public Object key() {
            return batch.getFirst().of().key();
        }
    }

    /** Reply to these with {@code expired}: they would probably be late. */
    record Expire<R>(List<Part<R>> parts) implements Step<R> {}

    /** Ask again at that time, or when another request arrives. */
    record WaitUntil<R>(long nanos) implements Step<R> {}

    /** No request waits. */
    record Idle<R>() implements Step<R> {}
}
