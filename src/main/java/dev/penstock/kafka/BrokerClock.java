package dev.penstock.kafka;

/**
 * Estimates the broker's clock. Requests carry the time at which the broker appended them. Each acknowledged announcement measures how far
 * the broker's clock is ahead of ours, so that a difference between clocks expires no request. Thread-safe.
 */
public final class BrokerClock {
    private volatile long aheadMillis;

    /** @param appendedMillis the broker's time for a record that left at {@code sentMillis} and was acknowledged at {@code ackedMillis} */
    public void observe(long sentMillis, long appendedMillis, long ackedMillis) {
        aheadMillis = appendedMillis - (sentMillis + ackedMillis) / 2;
    }

    /** Returns the broker's time at {@code localMillis} of our clock. */
    public long at(long localMillis) {
        return localMillis + aheadMillis;
    }
}
