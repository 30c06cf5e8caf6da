package dev.penstock.protocol;

/** The time that a request has: from its arrival to its deadline, in nanoseconds on this process's monotonic clock. */
public record Term(long arrivalNanos, long deadlineNanos) {

    /** The share of it that has passed now: 0 on arrival, 1 at the deadline, more after it. */
    public double used(long nowNanos) {
        return (double) Math.max(0, nowNanos - arrivalNanos) / Math.max(1, deadlineNanos - arrivalNanos);
    }
}
