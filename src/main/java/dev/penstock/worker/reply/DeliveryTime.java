package dev.penstock.worker.reply;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import dev.penstock.batching.CostNode;
import dev.penstock.threads.Time;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.distribution.TimeWindowMax;

/**
 * Estimates how long a request and its reply are on their way where this worker's clocks do not see it. The way has three legs that are
 * taken to be alike: request to log, reply to broker, reply to caller. Only the second is measured, by the broker's acknowledgements. One leg
 * may take as long as the slowest of the last seconds, the others as long as 95 of 100. Thread-safe.
 */
final class DeliveryTime {
    private static final int OTHER_LEGS = 2;

    /** The slowest is forgotten after four to six seconds. */
    private static final long PART_MILLIS = 2000;

    private static final int PARTS = 3;

    private final CostNode acknowledgement = new CostNode();
    private final TimeWindowMax slowest;
    private volatile long p95Nanos;

    DeliveryTime(Time time) {
        this.slowest = new TimeWindowMax(
                new Clock() {
                    @Override
                    public long wallTime() {
                        return NANOSECONDS.toMillis(time.nanos());
                    }

                    @Override
                    public long monotonicTime() {
                        return time.nanos();
                    }
                },
                PART_MILLIS,
                PARTS);
    }

    /** @param nanos from the sending of a reply to its acknowledgement */
    void acknowledged(long nanos) {
        slowest.record((double) nanos);
        synchronized (acknowledgement) {
            acknowledgement.observe((double) nanos);
            p95Nanos = (long) acknowledgement.p95();
        }
    }

    /** Zero before the first acknowledgement. */
    long nanos() {
        long p95 = p95Nanos;
        return Math.max(p95, (long) slowest.poll()) + OTHER_LEGS * p95;
    }
}
