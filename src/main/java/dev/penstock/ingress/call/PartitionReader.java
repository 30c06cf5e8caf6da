package dev.penstock.ingress.call;

/**
 * The worker that reads a partition of a model's requests.
 *
 * @param takesWork false when the worker has been silent for some time, or has withdrawn the model
 */
public record PartitionReader(String worker, boolean takesWork, long heardNanos) {
    /** A partition on its way from one worker to another. */
    public static final PartitionReader NOBODY = new PartitionReader("", false, 0);
}
