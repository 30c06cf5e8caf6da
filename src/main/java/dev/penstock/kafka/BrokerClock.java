package dev.penstock.kafka;

/**
 * The broker's clock as seen from here. Requests carry the time at which the broker appended them; each announcement's
 * acknowledgement tells how far the broker's clock is from ours, so that no difference between clocks expires work.
 */
public final class BrokerClock {
    private volatile long aheadMillis;

    /** @param appendedMillis the broker's time for a record that left at {@code sentMillis} and was acknowledged at {@code ackedMillis} */
    public void observe(long sentMillis, long appendedMillis, long ackedMillis) {
        aheadMillis = appendedMillis - (sentMillis + ackedMillis) / 2;
    }

    /** The broker's time when ours is {@code localMillis}. */
    public long at(long localMillis) {
        return localMillis + aheadMillis;
    }
}
