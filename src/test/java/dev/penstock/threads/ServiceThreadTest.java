package dev.penstock.threads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ServiceThreadTest {
    private final Faults faults = new Faults("worker");
    private final AtomicInteger turns = new AtomicInteger();
    private final CountDownLatch forEver = new CountDownLatch(1);
    private final AtomicBoolean released = new AtomicBoolean();

    @Test
    void aFailureThatIsTransientIsTriedAgain() {
        ServiceThread thread = start(() -> {
            if (turns.incrementAndGet() < 3) {
                throw new IllegalArgumentException("not yet");
            }
            forEver.await();
        });
        await().until(() -> turns.get() == 3);
        assertThat(thread.isSound()).isTrue();

        thread.close();
        assertThat(thread.thread().isAlive()).isFalse();
        assertThat(released).isTrue();
        assertThat(faults.isEmpty()).isTrue();
    }

    @Test
    void anyOtherFailureEndsTheThreadAndIsReported() {
        IllegalStateException bug = new IllegalStateException("a bug");
        ServiceThread thread = start(() -> {
            throw bug;
        });
        await().until(() -> !faults.isEmpty());
        assertThat(faults.first()).contains(new Fault("the-thread", "Nothing is done.", bug));
        assertThat(thread.isSound()).isFalse();
        thread.close();
        assertThat(released).isTrue();
    }

    @Test
    void anErrorEndsTheThreadAndIsReported() {
        ServiceThread thread = start(() -> {
            throw new NoClassDefFoundError("x");
        });
        await().until(() -> !faults.isEmpty());
        assertThat(thread.isSound()).isFalse();
    }

    @Test
    void anInterruptThatNobodyAskedForIsReported() {
        ServiceThread thread = start(() -> forEver.await());
        thread.thread().interrupt();
        await().until(() -> !faults.isEmpty());
    }

    @Test
    void stoppingAThreadThatDoesNotEndIsBounded() {
        CountDownLatch end = new CountDownLatch(1);
        ServiceThread thread = new ServiceThread(
                        "the-thread", "Nothing is done.", faults, Duration.ofMillis(10), new ServiceThread.Duty() {
                            @Override
                            public void turn() throws InterruptedException {
                                turns.incrementAndGet();
                                end.await();
                            }

                            @Override
                            public void interrupt(Thread self) {}
                        })
                .start();
        await().until(() -> turns.get() == 1);
        thread.close();
        assertThat(thread.thread().isAlive()).isTrue();
        end.countDown();
        await().until(() -> !thread.thread().isAlive());
        assertThat(faults.isEmpty()).isTrue();
    }

    private interface Turn {
        void run() throws Exception;
    }

    private ServiceThread start(Turn turn) {
        return new ServiceThread("the-thread", "Nothing is done.", faults, new ServiceThread.Duty() {
                    @Override
                    public void turn() throws Exception {
                        turn.run();
                    }

                    @Override
                    public boolean isTransient(Exception failure) {
                        return failure instanceof IllegalArgumentException;
                    }

                    @Override
                    public void release() {
                        released.set(true);
                    }
                })
                .start();
    }
}
