package dev.penstock.batching;

/**
 * When the accelerator can run the next batch.
 *
 * @param freeAtNanos when the accelerator is expected to be free; in the past when it is idle
 * @param surelyFreeAtNanos when it will be free in 95 of 100 cases; deadlines are judged by this time
 * @param leadNanos the time before {@code freeAtNanos} at which a batch must be closed to be assembled in time
 */
public record Room(long freeAtNanos, long surelyFreeAtNanos, long leadNanos) {

    public static Room idle(long now) {
        return new Room(now, now, 0);
    }
}
