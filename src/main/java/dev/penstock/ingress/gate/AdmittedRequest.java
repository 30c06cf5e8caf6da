package dev.penstock.ingress.gate;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A request that was admitted. Its publisher settles it exactly once, by one of {@link #accepted}, {@link #refused} and {@link #inDoubt}.
 * Thread-safe.
 */
public final class AdmittedRequest {
    private final Place place;
    private final long predictedWaitNanos;
    private final AtomicBoolean isSettled = new AtomicBoolean();

    /** @param predictedWaitNanos until a worker begins to run it */
    public AdmittedRequest(Place place, long predictedWaitNanos) {
        this.place = place;
        this.predictedWaitNanos = predictedWaitNanos;
    }

    public long predictedWaitNanos() {
        return predictedWaitNanos;
    }

    /** Kafka has the request. It keeps its place until its outcome or deadline. */
    public void accepted() {
        settle();
    }

    /** Kafka does not have the request: releases its place. */
    public void refused() {
        settle();
        place.release();
    }

    /** Kafka may have the request. It keeps its place until its outcome or deadline. */
    public void inDoubt() {
        settle();
    }

    private void settle() {
        if (!isSettled.compareAndSet(false, true)) {
            throw new IllegalStateException("an admitted request must be settled once, was settled twice");
        }
    }
}
