package dev.penstock.features.cache;

import java.time.Duration;

/**
 * When a call that is not full may start: once what is wanted has gathered for a moment, and evenly over the time that a call takes. Of four calls at a
 * time that take 80 ms one starts each 20, so that nobody who comes late waits for a whole one to end. Pure: times are parameters, in nanoseconds.
 */
final class CallPace {
    /** Of the usual time of a call, the share of the latest. */
    private static final double LATEST = 0.2;

    private final int calls;
    private final long gatherNanos;
    private double usualNanos;
    private long startedNanos;

    /** @param calls at a time */
    CallPace(int calls, Duration gather, long now) {
        this.calls = calls;
        this.gatherNanos = gather.toNanos();
        this.startedNanos = now;
    }

    /** 0 or less: now. */
    long waitNanos(long wantedSince, long now) {
        return Math.max(wantedSince + gatherNanos - now, startedNanos + (long) (usualNanos / calls) - now);
    }

    void started(long now) {
        startedNanos = now;
    }

    /** Not told of failures: they may be much quicker. */
    void answered(long nanos) {
        usualNanos += LATEST * (nanos - usualNanos);
    }
}
