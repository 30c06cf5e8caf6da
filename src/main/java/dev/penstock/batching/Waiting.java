package dev.penstock.batching;

/**
 * One request as the batcher sees it.
 *
 * @param key what requests must share to share a batch: the shapes of their rows
 * @param maxRows the most rows that a batch of this key should have, if that is less than the policy allows
 * @param rows may be more than a batch holds: then it runs in parts
 * @param arrivalNanos when it arrived in the log, on the monotonic clock of the process
 * @param deadlineNanos when its answer is worth nothing any more, on the same clock
 */
public record Waiting<R>(
        R request, Object key, int maxRows, Priority priority, int rows, long arrivalNanos, long deadlineNanos) {

    public Waiting {
        if (rows < 1) {
            throw new IllegalArgumentException("rows must be 1 or more, was " + rows);
        }
        if (maxRows < 1) {
            throw new IllegalArgumentException("maxRows must be 1 or more, was " + maxRows);
        }
    }

    /** Of a key whose batches may be as large as the policy allows. */
    public Waiting(R request, Object key, Priority priority, int rows, long arrivalNanos, long deadlineNanos) {
        this(request, key, Integer.MAX_VALUE, priority, rows, arrivalNanos, deadlineNanos);
    }
}
