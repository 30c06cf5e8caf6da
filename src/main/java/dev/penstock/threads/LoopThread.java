package dev.penstock.threads;

import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/** Steps a loop on a thread, and sleeps as long as the loop says unless it is woken. */
public final class LoopThread implements AutoCloseable {
    /** Returned by a step that leaves nothing to do until something happens. */
    public static final long UNTIL_WOKEN = Long.MAX_VALUE;

    private final ServiceThread thread;
    private volatile Loop loop = now -> UNTIL_WOKEN;

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

    /** From any thread. A wake-up before the loop sleeps is not lost. */
    public void wake() {
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
            long sleepNanos = loop.step(System.nanoTime());
            if (sleepNanos == UNTIL_WOKEN) {
                LockSupport.park(LoopThread.this);
            } else if (sleepNanos > 0) {
                LockSupport.parkNanos(LoopThread.this, sleepNanos);
            }
        }

        @Override
        public void interrupt(Thread self) {
            LockSupport.unpark(self);
        }
    }
}
