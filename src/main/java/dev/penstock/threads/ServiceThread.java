package dev.penstock.threads;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/**
 * A thread that repeats a duty until it is stopped.
 *
 * <p>Fault policy: a failure that the duty calls transient is retried, with a wait that doubles from 20 to 500 ms. Any other failure ends the
 * thread and is reported as a {@link Fault}, so that no thread ends in silence. Stopping is bounded: {@link #close} logs a thread that
 * does not end, and returns. Thread-safe.
 */
public final class ServiceThread implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(ServiceThread.class);
    private static final long FIRST_RETRY_MILLIS = 20;
    private static final long LAST_RETRY_MILLIS = 500;

    /** Brokers elect leaders and move partitions within this time; nobody has to read of it. */
    private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(5);

    private final Duty duty;
    private final String consequence;
    private final Consumer<? super Fault> faults;
    private final Duration stopTimeout;
    private final Thread thread;
    private final TroubleLog trouble;
    private final TroubleLog knownTrouble;
    private final AtomicBoolean stopRequested = new AtomicBoolean();
    private final CountDownLatch stopAsked = new CountDownLatch(1);
    private volatile boolean failed;

    /** The work of a thread. All calls but {@link #interrupt} come from that thread. */
    @FunctionalInterface
    public interface Duty {
        /**
         * One turn. It may block, as long as {@link #interrupt} ends that. To return is to say that all is well: after a failure, a turn
         * that has nothing to try must wait until it has.
         */
        void turn() throws Exception;

        /** Whether another try may succeed without a change of ours. */
        default boolean isTransient(Exception failure) {
            return false;
        }

        /** Whether a transient failure is already in the log, such as an absent broker, which every thread notices. */
        default boolean isKnown(Exception failure) {
            return false;
        }

        /** Makes a turn that blocks return soon. Called once, by the thread that stops this one. */
        default void interrupt(Thread thread) {
            thread.interrupt();
        }

        /** Frees resources. Called last, however the thread ends. */
        default void release() throws Exception {}
    }

    /**
     * A thread that is not started yet.
     *
     * @param consequence a sentence for the log: what does not work once the thread has failed
     * @param faults hears of the failure, on the thread itself
     */
    public ServiceThread(String name, String consequence, Consumer<? super Fault> faults, Duty duty) {
        this(name, consequence, faults, STOP_TIMEOUT, duty);
    }

    /** @param stopTimeout how long {@link #close} waits for the thread to end */
    public ServiceThread(
            String name, String consequence, Consumer<? super Fault> faults, Duration stopTimeout, Duty duty) {
        this.duty = duty;
        this.consequence = consequence;
        this.faults = faults;
        this.stopTimeout = stopTimeout;
        this.trouble = new TroubleLog(LOG, name, GRACE_NANOS);
        this.knownTrouble = new TroubleLog(LOG, name, TroubleLog.KNOWN_GRACE_NANOS);
        this.thread = Thread.ofPlatform().name(name).daemon().unstarted(this::run);
    }

    /** Returns this thread, started. */
    public ServiceThread start() {
        thread.start();
        return this;
    }

    public String name() {
        return thread.getName();
    }

    /** False once the thread has failed. */
    public boolean isSound() {
        return !failed;
    }

    /** For duties that park. */
    public Thread thread() {
        return thread;
    }

    /** Asks the thread to end after the current turn. Does not wait. */
    public void requestStop() {
        if (stopRequested.compareAndSet(false, true)) {
            stopAsked.countDown();
            duty.interrupt(thread);
        }
    }

    /** Stops the thread and waits until it has ended, or logs that it does not end. */
    @Override
    public void close() {
        requestStop();
        awaitEnd();
    }

    /** Returns false, and logs it, when the thread does not end within the stop timeout. */
    public boolean awaitEnd() {
        try {
            if (thread.getState() != Thread.State.NEW && !thread.join(stopTimeout)) {
                LOG.warnf("Thread %s did not end within %s; shutdown goes on without it", name(), stopTimeout);
                return false;
            }
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
        return !thread.isAlive();
    }

    private boolean isStopping() {
        return stopRequested.get();
    }

    private void run() {
        try {
            repeat();
        } catch (Throwable cause) {
            if (!isStopping()) {
                failed = true;
                faults.accept(new Fault(name(), consequence, cause));
            } else if (!(cause instanceof InterruptedException)
                    && !(cause instanceof Exception failure && duty.isTransient(failure))) {
                LOG.warnf("%s: the last turn before the stop failed: %s", name(), cause);
            }
        } finally {
            release();
        }
    }

    private void repeat() throws Exception {
        long retryMillis = FIRST_RETRY_MILLIS;
        while (!isStopping()) {
            try {
                duty.turn();
                trouble.succeeded();
                knownTrouble.succeeded();
                retryMillis = FIRST_RETRY_MILLIS;
            } catch (InterruptedException interrupted) {
                throw interrupted;
            } catch (Exception failure) {
                if (isStopping() || !duty.isTransient(failure)) {
                    throw failure;
                }
                (duty.isKnown(failure) ? knownTrouble : trouble).failed("a turn failed and is tried again", failure);
                if (stopAsked.await(retryMillis, TimeUnit.MILLISECONDS)) {
                    return;
                }
                retryMillis = Math.min(LAST_RETRY_MILLIS, retryMillis * 2);
            }
        }
    }

    private void release() {
        Thread.interrupted(); // resources such as clients do not close under an interrupt
        try {
            duty.release();
        } catch (Exception broken) {
            LOG.warnf("%s: could not free what it held: %s", name(), broken);
        }
    }
}
