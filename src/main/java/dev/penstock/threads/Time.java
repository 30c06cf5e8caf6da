package dev.penstock.threads;

import java.util.concurrent.locks.LockSupport;

/** The clocks that a thread reads, and how it waits for them. A simulation has a virtual time. */
public interface Time {
    /** The clocks of this machine. */
    Time OF_MACHINE = new Time() {
        @Override
        public long nanos() {
            return System.nanoTime();
        }

        @Override
        public long millis() {
            return System.currentTimeMillis();
        }

        @Override
        public void park(Object blocker, long nanos) {
            LockSupport.parkNanos(blocker, nanos);
        }
    };

    /** Monotonic. */
    long nanos();

    /** Milliseconds since the epoch, by this process's clock. */
    long millis();

    /**
     * Lets the current thread wait.
     *
     * @param blocker what waits
     */
    void park(Object blocker, long nanos);
}
