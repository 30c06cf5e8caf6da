package dev.penstock.threads;

import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * Steps a loop on a thread, and sleeps as long as the loop says unless it is woken. No wake-up is lost, whatever a step does. The permit of
 * {@link LockSupport} is not enough for that: a step that waits for a lock, as sends of Kafka's producer do, uses up the permit there.
 */
public final class LoopThread implements AutoCloseable {
    /** Returned by a step that leaves nothing to do until something happens. */
    public static final long UNTIL_WOKEN = Long.MAX_VALUE;

    private final ServiceThread thread;
    private volatile Loop loop = now -> UNTIL_WOKEN;
    private volatile boolean isWoken;

    /**
     * A thread that is not started yet.
     *
     * @param consequence a sentence for the log: what does not work once the thread has failed
     */
    public LoopThread(String name, String consequence, Consumer<? super Fault> faults) {
        this.thread = new ServiceThread(name, consequence, faults, new Steps());
    }

    /** The work that is repeated. */
    @FunctionalInterface
    public interface Loop {
        /** Returns the nanoseconds to sleep after this step unless woken, or {@link #UNTIL_WOKEN}. */
        long step(long now);
    }

    public void start(Loop steps) {
        loop = steps;
        thread.start();
    }

    /** From any thread. A step begins after this. */
    public void wake() {
        isWoken = true;
        LockSupport.unpark(thread.thread());
    }

    /** Ends the thread after its current step. */
    @Override
    public void close() {
        thread.close();
    }

    private final class Steps implements ServiceThread.Duty {
        @Override
        public void turn() {
            isWoken = false;
            long sleepNanos = loop.step(System.nanoTime());
            if (isWoken) {
                return;
            }
            if (sleepNanos == UNTIL_WOKEN) {
                LockSupport.park(LoopThread.this);
            } else if (sleepNanos > 0) {
                LockSupport.parkNanos(LoopThread.this, sleepNanos);
            }
        }

        @Override
        public void interrupt(Thread self) {
            wake();
        }
    }
}
