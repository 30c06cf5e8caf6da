package dev.penstock.ingress.gate;

import dev.penstock.messages.Announcement;
import dev.penstock.messages.CommitNote;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Decides, for one lane of one model, whether a request can still be served in time. No clock and no I/O of its own. Thread-safe.
 *
 * <p>The predicted wait is the backlog over the drain rate. The backlog was seen a moment ago, at the last observation; since then it
 * grew by what all ingresses let in and shrank by what the workers did:
 *
 * <pre>W = max(0, backlog + admitted / share - 0.95 * rate * elapsed) / rate</pre>
 *
 * where {@code share} is this ingress's part of all that arrives, so that many ingresses that see the same old backlog do not each fill
 * it. The rate is that of what workers ran, over some seconds in which there was work all the time; until there was,
 * nothing is refused. A request is let in when 1.8 W fits its deadline.
 *
 * <p>Who is refused hears when to come back: each next one gets the next free place of a virtual queue that drains at this ingress's
 * share of the rate, so that they do not come back all at once (virtual scheduling, as in ITU-T I.371's GCRA).
 */
final class Admission {
    /**
     * Of the deadline, what the wait may use up is one part in this: under overload every request waits as long as it may, and workers
     * may be slower than they were in the seconds by which the wait is predicted. docs/adr/0014 has the figures.
     */
    static final double CAUTION = 1.8;

    private static final double CAUTIOUS_DRAIN = 0.95;

    /** Lets the shares of ingresses whose traffic grows grow with it; what they take too much together is less than this. */
    private static final double SHARE_GROWTH = 1.05;

    /** The places of the virtual queue leave some of the rate to those who come for the first time, and for its own error. */
    private static final double ROOM_FOR_OTHERS = 0.7;

    private static final double SECOND = 1e9;
    private static final int MOST_RETRY_SECONDS = 60;
    private static final long MOST_RETRY_NANOS = MOST_RETRY_SECONDS * 1_000_000_000L;
    private static final long WINDOW_NANOS = 2_000_000_000L;
    private static final long STUCK_NANOS = 5_000_000_000L;

    /**
     * Commits that all but pause, for less than this, are no slower workers: a request that waits for its features holds up the commits of those
     * behind it, though these are answered.
     */
    private static final double PAUSE_SECONDS = 1;

    private static final double PAUSE_SHARE = 0.25;

    /** Workers that give up this part of what they run have more to do than they can. */
    private static final double TOO_MUCH = 0.1;

    /** What is given up now and then, by chance, tells nothing, however little is run beside it. */
    private static final int FEW = 10;

    /** Workers that are as fast as this part of what was learned show that it still holds. */
    private static final double NEAR = 0.7;

    private static final long FORGET_NANOS = 30_000_000_000L;
    private static final double LONGEST_NANOS = 30 * 86_400 * SECOND;

    private final FairShare fairShare = new FairShare();
    private final Deque<Seen> window = new ArrayDeque<>();
    private long admitted;
    private long askedNanos;
    private long admittedWhenAsked;
    private double share;
    private double commitDelaySeconds = commitDelaySeconds(Announcement.DEFAULT_COMMIT_INTERVAL_MS);
    private double learnedRate;
    private long learnedNanos;
    private OptionalLong stuckSince = OptionalLong.empty();
    private OptionalLong goneSince = OptionalLong.empty();
    private OptionalLong lastPlace = OptionalLong.empty();

    /**
     * What Kafka says of a lane, summed over its partitions.
     *
     * @param end records that were ever put on the log
     * @param committed of them, those that are answered
     * @param work that these were, as far as workers tell, counted from any moment
     * @param ingresses how many let requests in, this one included
     */
    record Lag(long end, long committed, CommitNote work, int ingresses) {
        Lag {
            if (ingresses < 1) {
                throw new IllegalArgumentException("ingresses must be 1 or more, was " + ingresses);
            }
        }

        long records() {
            return Math.max(0, end - committed);
        }
    }

    /** @param admitted what was let in here until then */
    private record Seen(long nanos, Lag lag, long admitted) {}

    /** A request that is not let in. */
    record Refused(long predictedWaitNanos, int retryAfterSeconds) {}

    /** @param ingresses how many let requests in, as far as is known */
    Admission(int ingresses) {
        share = 1.0 / ingresses;
    }

    /**
     * Lets a request in, or not.
     *
     * @param leftNanos until its deadline
     * @param maxWaitNanos what its caller is made to wait at most, however late the deadline is
     */
    Optional<Refused> admit(long now, long leftNanos, long maxWaitNanos) {
        return admit("", 1, now, leftNanos, maxWaitNanos);
    }

    /** The same, for one tenant of many: under overload, who asks more than its share is held to it. */
    synchronized Optional<Refused> admit(String tenant, int weight, long now, long leftNanos, long maxWaitNanos) {
        long wait = predictedWaitNanos(now);
        long fits = Math.min((long) (leftNanos / CAUTION), maxWaitNanos);
        boolean held = fairShare.holdsBack(tenant, weight, fits, wait, rate(now) * share, now);
        if (wait <= fits && !held) {
            admitted++;
            return Optional.empty();
        }
        return Optional.of(new Refused(wait, retryAfterSeconds(now, wait - fits / 2)));
    }

    /** Whether there is a worker for this model. */
    synchronized void hasWorkers(long now, boolean any) {
        if (any) {
            goneSince = OptionalLong.empty();
        } else if (goneSince.isEmpty()) {
            goneSince = OptionalLong.of(now);
        }
    }

    /** The commit interval that the workers of this model announce. */
    synchronized void commitInterval(long millis) {
        commitDelaySeconds = commitDelaySeconds(millis);
    }

    /** An answered request counts as backlog until its worker commits: half of the commit interval on average. */
    private static double commitDelaySeconds(long commitIntervalMillis) {
        return commitIntervalMillis / 1e3 / 2;
    }

    /** Kafka is asked for the lag now; the answer, whenever it comes, is as old as this. */
    synchronized void asking(long now) {
        askedNanos = now;
        admittedWhenAsked = admitted;
    }

    /** The answer to what was asked last. */
    synchronized void observed(Lag lag) {
        window.addLast(new Seen(askedNanos, lag, admittedWhenAsked));
        while (window.size() > 2 && askedNanos - window.getFirst().nanos > WINDOW_NANOS) {
            window.removeFirst();
        }
        Seen first = window.getFirst();
        long arrived = lag.end() - first.lag.end();
        double ours = arrived > 0 ? (double) (admittedWhenAsked - first.admitted) / arrived : 0;
        share = Math.min(1, Math.max(ours * SHARE_GROWTH, 1.0 / lag.ingresses()));
        learn();
        if (lag.committed() > first.lag.committed() || lag.records() == 0) {
            stuckSince = OptionalLong.empty();
        } else if (stuckSince.isEmpty()) {
            stuckSince = OptionalLong.of(askedNanos);
        }
    }

    /** Until a request that is let in now would begin to run. */
    synchronized long predictedWaitNanos(long now) {
        double rate = rate(now);
        double backlog = backlog(now, rate);
        double drains =
                rate > 0 ? backlog / rate * SECOND : 0; // not learned yet: there was never a backlog to speak of
        return (long) Math.min(drains, LONGEST_NANOS) + outageNanos(now).orElse(0);
    }

    private double backlog(long now, double rate) {
        Seen last = window.peekLast();
        if (last == null) {
            return 0;
        }
        double elapsed = Math.min(now - last.nanos, WINDOW_NANOS) / SECOND;
        double seen = Math.max(0, last.lag.records() - rate * commitDelaySeconds);
        return Math.max(0, seen + (admitted - last.admitted) / share - CAUTIOUS_DRAIN * rate * elapsed);
    }

    /** How long nobody is expected to work, if nobody works now: at least as long again as it has been so. */
    private OptionalLong outageNanos(long now) {
        if (goneSince.isPresent()) {
            return OptionalLong.of(Math.max(STUCK_NANOS, now - goneSince.getAsLong()));
        }
        if (stuckSince.isPresent() && now - stuckSince.getAsLong() >= STUCK_NANOS) {
            return OptionalLong.of(now - stuckSince.getAsLong());
        }
        return OptionalLong.empty();
    }

    /** Runs tell the workers' speed over a time in which there was always work; over any other they tell that it is no less. */
    private void learn() {
        List<Seen> looks = List.copyOf(window);
        double overall = speed(looks);
        if (learnedRate > 0 && overall > NEAR * learnedRate) {
            learned(Math.max(learnedRate, overall));
        }
        for (int from = 0; from < looks.size() - 1; from++) {
            List<Seen> lately = looks.subList(from, looks.size());
            double speed = speed(lately);
            boolean pause = seconds(lately) < PAUSE_SECONDS && speed < PAUSE_SHARE * learnedRate;
            if (speed > 0 && !pause && workedAllTheTime(lately, speed)) {
                learned(speed);
                return;
            }
        }
    }

    private void learned(double speed) {
        learnedRate = speed;
        learnedNanos = window.getLast().nanos;
    }

    private static double speed(List<Seen> looks) {
        long ran =
                looks.getLast().lag.work().ran() - looks.getFirst().lag.work().ran();
        return ran > 0 ? ran / seconds(looks) : 0;
    }

    private static double seconds(List<Seen> looks) {
        return (looks.getLast().nanos - looks.getFirst().nanos) / SECOND;
    }

    /** There was enough work at each look, or more than enough before it. */
    private boolean workedAllTheTime(List<Seen> looks, double speed) {
        double enough = Math.max(1, speed * 4 * commitDelaySeconds);
        boolean isTold = givenUp(looks.getFirst().lag, looks.getLast().lag) >= FEW;
        for (int i = 1; i < looks.size(); i++) {
            Lag before = looks.get(i - 1).lag;
            Lag after = looks.get(i).lag;
            boolean tooMuch = isTold
                    && givenUp(before, after)
                            > TOO_MUCH * (after.work().ran() - before.work().ran());
            if (!tooMuch && Math.min(before.records(), after.records()) <= enough) {
                return false;
            }
        }
        return true;
    }

    private static long givenUp(Lag before, Lag after) {
        return after.work().givenUp() - before.work().givenUp();
    }

    private double rate(long now) {
        return now - learnedNanos < FORGET_NANOS ? learnedRate : 0;
    }

    /** @param enoughNanos until there is room; half of it, since what comes then must be let in even where this erred */
    private int retryAfterSeconds(long now, long enoughNanos) {
        double ourRate = Math.max(rate(now) * share * ROOM_FOR_OTHERS, 1.0 / MOST_RETRY_SECONDS);
        long earliest = now + enoughNanos;
        long next = lastPlace.isPresent() ? lastPlace.getAsLong() + (long) (SECOND / ourRate) : earliest;
        long place = next - earliest > 0 ? next : earliest;
        long wait = Math.min(place - now, MOST_RETRY_NANOS);
        lastPlace = OptionalLong.of(now + wait);
        return Math.clamp((long) Math.ceil(wait / SECOND), 1, MOST_RETRY_SECONDS);
    }
}
