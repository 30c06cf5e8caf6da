package dev.penstock.ingress.submit;

import dev.penstock.threads.LoopThread;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/**
 * Holds requests back for a moment while several calls are on their way, so that they go to Kafka together. Brokers, producers and consumers
 * have most of their work for each Kafka request, not for each record in it. What goes together comes to the worker together, and its
 * replies come back together, so that the next requests come together, too.
 *
 * <p>A group goes once it has all calls that wait for their replies; of more than 32 it has 32, or half if that is more. It goes after a
 * quarter of a millisecond for each call that waits, if that is less than the linger. So few calls are held back for less, and a lone call is not.
 * How many wait is the number of now, or what is usual if that is more.
 *
 * <p>Where calls wait for long but few come, as for a slow model, a group waits in vain. After two such groups in a row nothing is held back
 * for a tenth of a second. Thread-safe.
 */
public final class Gathering {
    /** A group waits for so long at most for each call that waits for its reply. */
    static final Duration FOR_EACH = Duration.ofNanos(250_000);

    /** Of more calls, so many go together, or half if that is more: while they are on their way, the others gather. */
    private static final int ALL_TOGETHER = 32;

    /** A group that has waited and has fewer, and not more than half of the calls either, has waited in vain. */
    private static final int WORTH_IT = 4;

    static final Duration PAUSE = Duration.ofMillis(100);

    /** What is usual falls by so much of the difference with each group of fewer calls. */
    private static final double WEIGHT = 1 / 16.0;

    /** So long after the next group would have been due, what was usual means nothing. */
    static final Duration FORGOTTEN = Duration.ofMillis(4);

    private final long lingerNanos;
    private final IntSupplier unanswered;
    private final LongSupplier nanoClock;
    private final Runnable wake;
    private final Together together;
    private List<Runnable> group = new ArrayList<>();
    private long dueNanos;
    private double usualCalls;
    private long lastNanos;
    private boolean hasWaitedInVain;
    private OptionalLong pausedUntilNanos = OptionalLong.empty();
    /** When the thread steps again by itself; empty while it sleeps until it is woken. */
    private OptionalLong nextStepNanos = OptionalLong.empty();

    private boolean isClosed;

    /** Sends several records so that they go together. */
    @FunctionalInterface
    public interface Together {
        /** @param sends sends so many records; must be run once, at once */
        void send(int records, Runnable sends);
    }

    /**
     * @param linger how long a group waits at most; with zero, nothing is held back
     * @param unanswered the calls that wait for their replies, also those that are held back
     * @param wake makes a thread call {@link #step} soon; called from any thread
     * @param together sends a group
     */
    public Gathering(
            Duration linger, IntSupplier unanswered, LongSupplier nanoClock, Runnable wake, Together together) {
        this.lingerNanos = linger.toNanos();
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
            int calls = calls(waiting, now);
            group.add(send);
            long longest = Math.min(calls * FOR_EACH.toNanos(), lingerNanos);
            if (group.size() >= enough(calls) || longest == 0 || isClosed || isPaused(now)) {
                hasWaitedInVain &= group.size() < worthIt(calls);
                due = take(waiting, now);
            } else if (group.size() == 1) {
                dueNanos = now + longest;
                wakes = nextStepNanos.isEmpty() || dueNanos - nextStepNanos.getAsLong() < 0;
                if (wakes) {
                    nextStepNanos = OptionalLong.of(dueNanos);
                }
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
        int waiting = unanswered.getAsInt();
        List<Runnable> due = List.of();
        long left;
        synchronized (this) {
            if (group.isEmpty()) {
                nextStepNanos = OptionalLong.empty();
                return LoopThread.UNTIL_WOKEN;
            }
            left = dueNanos - nowNanos;
            if (left <= 0) {
                pauseIfInVain(calls(waiting, nowNanos), nowNanos);
                due = take(waiting, nowNanos);
                left = lingerNanos; // the next group need not wake the thread, unless it has less time
            }
            nextStepNanos = OptionalLong.of(nowNanos + left);
        }
        send(due);
        return left;
    }

    /** Sends what is held back, and from now on all at once: nobody steps any more. */
    public void close() {
        List<Runnable> due;
        synchronized (this) {
            isClosed = true;
            due = take(0, nanoClock.getAsLong());
        }
        send(due);
    }

    /** While the replies of a group come, few wait for a moment, and more in the next. So what is usual counts as well. */
    private int calls(int waiting, long now) {
        return isForgotten(now) ? waiting : Math.max(waiting, (int) Math.round(usualCalls));
    }

    private boolean isForgotten(long now) {
        return now - lastNanos > lingerNanos + FORGOTTEN.toNanos();
    }

    private static int enough(int calls) {
        return Math.max((calls + 1) / 2, Math.min(calls, ALL_TOGETHER));
    }

    private static int worthIt(int calls) {
        return Math.min(calls / 2 + 1, WORTH_IT);
    }

    /** One such group may be what another has left over. */
    private void pauseIfInVain(int calls, long now) {
        boolean isInVain = group.size() < worthIt(calls);
        if (isInVain && hasWaitedInVain) {
            pausedUntilNanos = OptionalLong.of(now + PAUSE.toNanos());
        }
        hasWaitedInVain = isInVain && !hasWaitedInVain;
    }

    private boolean isPaused(long now) {
        if (pausedUntilNanos.isPresent() && now - pausedUntilNanos.getAsLong() >= 0) {
            pausedUntilNanos = OptionalLong.empty();
        }
        return pausedUntilNanos.isPresent();
    }

    private void send(List<Runnable> due) {
        if (!due.isEmpty()) {
            together.send(due.size(), () -> due.forEach(Runnable::run));
        }
    }

    /** The group that goes now, with so many calls waiting. */
    private List<Runnable> take(int waiting, long now) {
        usualCalls = waiting >= usualCalls || isForgotten(now) ? waiting : usualCalls + (waiting - usualCalls) * WEIGHT;
        lastNanos = now;
        List<Runnable> due = group;
        group = new ArrayList<>(due.size());
        return due;
    }
}
