package dev.penstock.batching;

import dev.penstock.protocol.Lane;

/**
 * One request as the batcher sees it.
 *
 * @param key only requests of equal keys share a batch; it stands for the shapes of their rows
 * @param maxRows the most rows that a batch of this key should have, if that is less than the policy allows
 * @param rows may exceed the batch size; the request then runs in parts
 * @param arrivalNanos its arrival in the log, on the monotonic clock of the process
 * @param deadlineNanos the time by which the reply must be there, on the same clock
 */
public record QueuedRequest<R>(
        R request, Object key, int maxRows, Lane lane, int rows, long arrivalNanos, long deadlineNanos) {

    public QueuedRequest {
        if (rows < 1) {
            throw new IllegalArgumentException("rows must be 1 or more, was " + rows);
        }
        if (maxRows < 1) {
            throw new IllegalArgumentException("maxRows must be 1 or more, was " + maxRows);
        }
    }

    /** A request whose batches may be as large as the policy allows. */
    public QueuedRequest(R request, Object key, Lane lane, int rows, long arrivalNanos, long deadlineNanos) {
        this(request, key, Integer.MAX_VALUE, lane, rows, arrivalNanos, deadlineNanos);
    }
}
