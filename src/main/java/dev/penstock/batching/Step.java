package dev.penstock.batching;

import java.util.List;

/** What to do next. */
public sealed interface Step<R> {

    /** Run these together; they share a key, and their rows fit. */
    record Run<R>(List<Waiting<R>> batch, int rows, Trigger trigger) implements Step<R> {}

    /** Answer these with {@code expired}: their deadline has passed. */
    record Expire<R>(List<Waiting<R>> requests) implements Step<R> {}

    /** Nothing to do before that time, unless another request arrives. */
    record WaitUntil<R>(long nanos) implements Step<R> {}

    /** Nothing waits. */
    record Idle<R>() implements Step<R> {}
}
