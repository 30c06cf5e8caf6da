package dev.penstock.batching;

/**
 * The bounds within which batches are formed.
 *
 * @param maxBatchSize rows a batch holds at most
 * @param maxQueueDelayNanos how long a request may be held back for company, from its arrival in the log; 0 never holds
 */
public record BatchPolicy(int maxBatchSize, long maxQueueDelayNanos) {

    public BatchPolicy {
        if (maxBatchSize < 1 || maxBatchSize > 1024) {
            throw new IllegalArgumentException("maxBatchSize must be in 1..1024, was " + maxBatchSize);
        }
        if (maxQueueDelayNanos < 0) {
            throw new IllegalArgumentException("maxQueueDelayNanos must be 0 or more, was " + maxQueueDelayNanos);
        }
    }
}
