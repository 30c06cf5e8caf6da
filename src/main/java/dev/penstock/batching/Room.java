package dev.penstock.batching;

/**
 * Where a batch would run.
 *
 * @param freeAtNanos when the accelerator is expected to have nothing else to run; in the past when it is idle
 * @param surelyFreeAtNanos when it will be free in 95 of 100 cases; what must not be late counts on no less
 * @param leadNanos how long before that a batch must be closed, so that it is assembled in time
 */
public record Room(long freeAtNanos, long surelyFreeAtNanos, long leadNanos) {

    public static Room idle(long now) {
        return new Room(now, now, 0);
    }
}
