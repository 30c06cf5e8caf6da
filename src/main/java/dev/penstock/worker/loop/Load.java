package dev.penstock.worker.loop;

/** Whether sessions ran for most of the time lately. Confined to the loop's thread. */
final class Load {
    /** Two looks of the gate: what passes sooner than that is a burst, and no overload. */
    private static final long PERIOD_NANOS = 500_000_000L;

    private static final double HIGH = 0.5;

    private long sinceNanos;
    private long lastNanos;
    private long busyNanos;
    private boolean hasBegun;
    private boolean isHigh;

    /** @param wasBusy whether a session ran, from the last call to now */
    void passed(long now, boolean wasBusy) {
        if (!hasBegun) {
            hasBegun = true;
            sinceNanos = now;
            lastNanos = now;
        }
        busyNanos += wasBusy ? now - lastNanos : 0;
        lastNanos = now;
        long period = now - sinceNanos;
        if (period >= PERIOD_NANOS) {
            isHigh = busyNanos >= HIGH * period;
            sinceNanos = now;
            busyNanos = 0;
        }
    }

    /** In the last whole period. */
    boolean isHigh() {
        return isHigh;
    }
}
