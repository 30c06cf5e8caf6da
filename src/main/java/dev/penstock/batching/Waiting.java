package dev.penstock.batching;

/**
 * One request as the batcher sees it.
 *
 * @param key what requests must share to share a batch: the shapes of their rows
 * @param rows may be more than a batch holds: then it runs in parts
 * @param arrivalNanos when it arrived in the log, on the monotonic clock of the process
 * @param deadlineNanos when its answer is worth nothing any more, on the same clock
 */
public record Waiting<R>(R request, Object key, Priority priority, int rows, long arrivalNanos, long deadlineNanos) {

    public Waiting {
        if (rows < 1) {
            throw new IllegalArgumentException("rows must be 1 or more, was " + rows);
        }
    }
}
