package dev.penstock.worker.loop;

import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/** Steps a loop on a thread of its own, and sleeps as long as the loop says unless somebody wakes it. */
public final class LoopThread {
    private final Thread thread;
    private volatile boolean stopped;

    private volatile Duty duty = now -> WorkerLoop.UNTIL_WOKEN;

    /** @param failed told of what the loop threw, if it did; the thread has ended then */
    public LoopThread(String name, Consumer<Throwable> failed) {
        this.thread = Thread.ofPlatform().name(name).unstarted(() -> {
            try {
                run();
            } catch (Throwable bug) {
                failed.accept(bug);
            }
        });
    }

    /** What is done again and again. */
    public interface Duty {
        /** Nanoseconds to sleep after this turn unless woken. */
        long step(long now);
    }

    public void start(Duty steps) {
        duty = steps;
        thread.start();
    }

    /** From any thread; a wake-up before the loop sleeps is not lost. */
    public void wake() {
        LockSupport.unpark(thread);
    }

    public void stop() throws InterruptedException {
        stopped = true;
        wake();
        thread.join();
    }

    private void run() {
        while (!stopped) {
            long sleepNanos = duty.step(System.nanoTime());
            if (sleepNanos == WorkerLoop.UNTIL_WOKEN) {
                LockSupport.park(this);
            } else if (sleepNanos > 0) {
                LockSupport.parkNanos(this, sleepNanos);
            }
        }
    }
}
