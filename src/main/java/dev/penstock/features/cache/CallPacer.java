package dev.penstock.features.cache;

import java.time.Duration;

/**
 * Decides when a partly filled call may start. It starts after the gather time, and calls are spread evenly over the usual call
 * duration. For example, with four concurrent calls of 80 ms each, one starts every 20 ms. A late entity then waits at most 20 ms for
 * the next call, not 80. Pure: times are parameters, in nanoseconds.
 */
final class CallPacer {
    /** The weight of the latest call in the moving average of call durations. */
    private static final double LATEST = 0.2;

    private final int calls;
    private final long gatherNanos;
    private double usualNanos;
    private long startedNanos;

    /** @param calls the maximum number of concurrent calls */
    CallPacer(int calls, Duration gather, long now) {
        this.calls = calls;
        this.gatherNanos = gather.toNanos();
        this.startedNanos = now;
    }

    /** Returns how long to wait before the next call; zero or negative means that it may start now. */
    long waitNanos(long wantedSince, long now) {
        return Math.max(wantedSince + gatherNanos - now, startedNanos + (long) (usualNanos / calls) - now);
    }

    void started(long now) {
        startedNanos = now;
    }

    /** Records the duration of a successful call. Failures are left out because they may be much faster. */
    void answered(long nanos) {
        usualNanos += LATEST * (nanos - usualNanos);
    }
}
