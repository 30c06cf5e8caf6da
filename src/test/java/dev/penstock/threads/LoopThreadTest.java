package dev.penstock.threads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LoopThreadTest {
    private final Faults faults = new Faults("worker");
    private final LoopThread loop = new LoopThread("loop", "Nothing loops.", faults);
    private final AtomicInteger steps = new AtomicInteger();

    @AfterEach
    void close() {
        loop.close();
        assertThat(faults.first()).isEmpty();
    }

    @Test
    void sleepsUntilItIsWoken() {
        loop.start(now -> {
            steps.incrementAndGet();
            return LoopThread.UNTIL_WOKEN;
        });
        await().until(() -> steps.get() == 1);
        loop.wake();
        await().until(() -> steps.get() == 2);
    }

    @Test
    void sleepsNoLongerThanItSays() {
        loop.start(now -> {
            steps.incrementAndGet();
            return 1;
        });
        await().until(() -> steps.get() > 10);
    }

    /** A thread that waits for a lock is parked, and a wake-up ends that, too. The wait goes on, and the wake-up must not be forgotten. */
    @Test
    void remembersAWakeUpWhileAStepWaitsForALock() {
        Semaphore lock = new Semaphore(0);
        loop.start(now -> {
            lock.acquireUninterruptibly();
            lock.release();
            steps.incrementAndGet();
            return LoopThread.UNTIL_WOKEN;
        });
        await().until(lock::hasQueuedThreads);
        loop.wake();
        lock.release();
        await().atMost(Duration.ofSeconds(30)).until(() -> steps.get() == 2);
    }
}
