package dev.penstock.worker.loop;

import java.util.concurrent.atomic.LongAdder;

/** Measures the share of time that sessions ran a batch, since the previous reading. Thread-safe. */
final class BusyRatio {
    private static final long SHORTEST_NANOS = 1_000_000_000;

    private final LongAdder busyNanos = new LongAdder();
    private int sessions;
    private double ratio;
    private long readAtNanos;
    private long readBusyNanos;

    BusyRatio(long now) {
        this.readAtNanos = now;
    }

    void ran(long nanos) {
        busyNanos.add(nanos);
    }

    synchronized void addSessions(int more) {
        sessions += more;
    }

    /** Readings less than a second apart return the same value. */
    synchronized double read(long now) {
        if (now - readAtNanos >= SHORTEST_NANOS && sessions > 0) {
            long busy = busyNanos.sum();
            ratio = Math.min(1, (busy - readBusyNanos) / ((double) (now - readAtNanos) * sessions));
            readAtNanos = now;
            readBusyNanos = busy;
        }
        return ratio;
    }
}
