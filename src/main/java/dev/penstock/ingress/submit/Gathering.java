package dev.penstock.ingress.submit;

import dev.penstock.threads.LoopThread;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/**
 * Holds requests back for a moment while many calls are on their way, so that they go to Kafka together. Brokers, producers and consumers
 * have most of their work for each Kafka request, not for each record in it. What goes together comes to the worker together, and its
 * replies come back together. A group goes once it has half of the calls that wait for their replies, which is how it follows the load, or after
 * four milliseconds. Half of few is too few, so there it has three quarters, up to sixteen.
 * How many wait is the number of now, or what is usual if that is more. While very few wait, nothing is held back, and
 * neither where calls wait for long but few come, as for a slow model: a group that has waited and found hardly anyone is not followed by another for a tenth of a second. Thread-safe.
 */
public final class Gathering {
    static final Duration LONGEST = Duration.ofMillis(4);

    /** With fewer calls on their way, a wait would gain nothing. */
    static final int MANY = 8;

    /** A group that waited for fewer than this has gained nothing. */
    static final int WORTH_IT = 4;

    /** So many share what a Kafka request costs well enough. */
    private static final int PLENTY = 16;

    static final Duration PAUSE = Duration.ofMillis(100);

    /** A request counts for so much in what is usual. */
    private static final double WEIGHT = 1 / 16.0;

    /** After so long without a request, what was usual means nothing. */
    static final Duration FORGOTTEN = Duration.ofMillis(10);

    private final IntSupplier unanswered;
    private final LongSupplier nanoClock;
    private final Runnable wake;
    private final Together together;
    private List<Runnable> group = new ArrayList<>();
    private double usualCalls;
    private long lastNanos;
    private long sinceNanos;
    private OptionalLong pausedUntilNanos = OptionalLong.empty();
    /** Whether the thread steps again by itself. */
    private boolean isStepped;

    private boolean isClosed;

    /** Sends several records so that they go together. */
    @FunctionalInterface
    public interface Together {
        /** @param sends sends so many records; must be run once, at once */
        void send(int records, Runnable sends);
    }

    /**
     * @param unanswered the calls that wait for their replies, also those that are held back
     * @param wake makes a thread call {@link #step} soon; called from any thread
     * @param together sends a group
     */
    public Gathering(IntSupplier unanswered, LongSupplier nanoClock, Runnable wake, Together together) {
        this.unanswered = unanswered;
        this.nanoClock = nanoClock;
        this.wake = wake;
        this.together = together;
    }

    /** @param send sends a request; runs now or soon, on any thread, and must neither block nor throw */
    void add(Runnable send) {
        int waiting = unanswered.getAsInt();
        long now = nanoClock.getAsLong();
        List<Runnable> due = List.of();
        boolean wakes = false;
        synchronized (this) {
            int calls = Math.max(waiting, usual(waiting, now));
            group.add(send);
            if (calls < MANY || group.size() >= enough(calls) || isClosed || isPaused(now)) {
                due = take();
            } else if (group.size() == 1) {
                sinceNanos = now;
                wakes = !isStepped;
                isStepped = true;
            }
        }
        if (wakes) {
            wake.run();
        }
        send(due);
    }

    /**
     * Sends a group that has waited long enough.
     *
     * @return nanoseconds after which to step again, or {@link LoopThread#UNTIL_WOKEN}
     */
    public long step(long nowNanos) {
        List<Runnable> due = List.of();
        long left;
        synchronized (this) {
            left = sinceNanos + LONGEST.toNanos() - nowNanos;
            if (group.isEmpty()) {
                isStepped = false;
                left = LoopThread.UNTIL_WOKEN;
            } else if (left <= 0) {
                due = take();
                left = LONGEST.toNanos();
                if (due.size() < WORTH_IT) {
                    pausedUntilNanos = OptionalLong.of(nowNanos + PAUSE.toNanos());
                }
            }
        }
        send(due);
        return left;
    }

    /** Sends what is held back, and from now on all at once: nobody steps any more. */
    public void close() {
        List<Runnable> due;
        synchronized (this) {
            isClosed = true;
            due = take();
        }
        send(due);
    }

    /** When the replies of a group have come, few wait for a moment, and more in the next. So what is usual counts as well. */
    private int usual(int waiting, long now) {
        usualCalls = now - lastNanos > FORGOTTEN.toNanos() ? waiting : usualCalls + (waiting - usualCalls) * WEIGHT;
        lastNanos = now;
        return (int) usualCalls;
    }

    /** Never all: while a group is on its way, the next one gathers. */
    private static int enough(int calls) {
        return Math.max((calls + 1) / 2, Math.min(3 * calls / 4, PLENTY));
    }

    private void send(List<Runnable> due) {
        if (!due.isEmpty()) {
            together.send(due.size(), () -> due.forEach(Runnable::run));
        }
    }

    private boolean isPaused(long now) {
        if (pausedUntilNanos.isPresent() && now - pausedUntilNanos.getAsLong() >= 0) {
            pausedUntilNanos = OptionalLong.empty();
        }
        return pausedUntilNanos.isPresent();
    }

    private List<Runnable> take() {
        List<Runnable> due = group;
        group = new ArrayList<>(due.size());
        return due;
    }
}
