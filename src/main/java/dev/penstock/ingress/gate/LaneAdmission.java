package dev.penstock.ingress.gate;

import dev.penstock.messages.Announcement;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Predicts the wait on one lane of one model, and admits a request only if the wait fits its deadline. It does no I/O and reads no clock.
 * Thread-safe.
 *
 * <p>The predicted wait is the backlog divided by the drain rate. The backlog is known from the last observation. Since then it grew by
 * what all ingresses admitted, and it shrank by what the workers ran:
 *
 * <pre>W = max(0, backlog + admitted / share - 0.95 * rate * elapsed) / rate</pre>
 *
 * <p>The share is this ingress's part of all arrivals. It keeps many ingresses that see the same old backlog from filling it each on its
 * own. The rate is what workers ran per second, over some seconds in which they had work all the time. Until such seconds were seen,
 * nothing is refused. Workers with less to do tell for how long they had work, and so are known to be at least so fast
 * (docs/adr/0040). A request is admitted when 1.8 W fits its deadline.
 *
 * <p>A refusal says when to retry. Each one takes the next free place of a virtual queue that drains at this ingress's share of the rate.
 * So callers do not all retry at once (virtual scheduling, as in ITU-T I.371's GCRA).
 */
final class LaneAdmission {
    /**
     * A request is admitted only if this many times its predicted wait fits its deadline. Under overload every request waits as long as it
     * may, and workers may become slower than they were when their rate was learned. docs/adr/0014 has the figures.
     */
    static final double CAUTION = 1.8;

    private static final double CAUTIOUS_DRAIN = 0.95;

    /** Lets the share of an ingress grow with its traffic. All ingresses together admit too much by less than this factor. */
    private static final double SHARE_GROWTH = 1.05;

    /** The virtual queue drains at this part of the rate. The rest is for new callers and for errors of the prediction. */
    private static final double ROOM_FOR_OTHERS = 0.7;

    private static final double SECOND = 1e9;
    private static final int MOST_RETRY_SECONDS = 60;
    private static final long MOST_RETRY_NANOS = MOST_RETRY_SECONDS * 1_000_000_000L;
    private static final long WINDOW_NANOS = 2_000_000_000L;
    private static final long STUCK_NANOS = 5_000_000_000L;

    /**
     * Commits that almost pause, for less than this, do not mean slower workers. A request that waits for its features delays the commits
     * of the requests behind it, although these are answered.
     */
    private static final double PAUSE_SECONDS = 1;

    private static final double PAUSE_SHARE = 0.25;

    /** Workers that give up more than this part of what they run are overloaded. */
    private static final double TOO_MUCH = 0.1;

    /** Fewer requests than this say nothing: given up, however few were run; or run by workers that may be cold. */
    private static final int FEW = 10;

    /** The first speed of workers takes so many commit intervals to learn. */
    private static final int COMMITS_TO_BELIEVE = 4;

    /** A speed above this part of the learned rate confirms the learned rate. */
    private static final double NEAR = 0.7;

    /** Where calls are refused though nothing waits, the rate is taken to be so much higher at each look. */
    private static final double PROBE = 1.1;

    /** Workers that give up no more than this part of what they run have room. */
    private static final double HARDLY_ANY = 0.01;

    /** Partitions on their way to another worker make workers look slow for so long: the group settles, and a new worker is cold. */
    private static final long SETTLE_NANOS = 3_000_000_000L;

    /** Where partitions never settle, workers may turn out to be slower in the seconds after this one. */
    private static final long MOST_SETTLE_NANOS = 10_000_000_000L;

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
    private boolean hasRefused;
    private OptionalLong stuckSince = OptionalLong.empty();
    private OptionalLong goneSince = OptionalLong.empty();
    private OptionalLong lastPlace = OptionalLong.empty();
    private OptionalLong firstChange = OptionalLong.empty();
    private long settlesAtNanos;

    /**
     * The lag of a lane as Kafka reports it, summed over its partitions.
     *
     * @param end the number of records ever written
     * @param committed how many of them were answered
     * @param work how much work these were, as workers report it
     * @param ingresses the number of ingresses, this one included
     */
    record Lag(long end, long committed, LaneWork work, int ingresses) {
        Lag {
            if (ingresses < 1) {
                throw new IllegalArgumentException("ingresses must be 1 or more, was " + ingresses);
            }
        }

        long records() {
            return Math.max(0, end - committed);
        }
    }

    /** @param admitted requests that this ingress had admitted by then */
    private record Seen(long nanos, Lag lag, long admitted) {}

    /** Why a wait is too long. */
    enum Cause {
        /** Workers drain the lane, and more is queued than they can run in time. */
        BACKLOG,
        /** The wait is not too long, but others' requests go first: the tenant asks for more than its share. */
        SHARE,
        /** No worker serves the model. */
        NO_WORKER,
        /** There are workers, and nothing of what is queued is answered. */
        STANDSTILL
    }

    /** Why a request was not admitted, and when to retry it. */
    record Overload(Cause cause, long predictedWaitNanos, int retryAfterSeconds) {}

    /** @param ingresses the number of ingresses, as far as it is known */
    LaneAdmission(int ingresses) {
        share = 1.0 / ingresses;
    }

    /**
     * Admits a request if the result is empty.
     *
     * @param leftNanos the time until its deadline
     * @param maxWaitNanos the longest wait of its caller, however late the deadline is
     */
    Optional<Overload> admit(long now, long leftNanos, long maxWaitNanos) {
        return admit("", 1, now, leftNanos, maxWaitNanos);
    }

    /** The same for one tenant of many. Under overload, a tenant that asks for more than its share is held to its share. */
    synchronized Optional<Overload> admit(String tenant, int weight, long now, long leftNanos, long maxWaitNanos) {
        long wait = predictedWaitNanos(now);
        long fits = Math.min((long) (leftNanos / CAUTION), maxWaitNanos);
        boolean held = fairShare.holdsBack(tenant, weight, fits, wait, rate(now) * share, now);
        if (wait <= fits && !held) {
            admitted++;
            return Optional.empty();
        }
        hasRefused |= wait > fits;
        return Optional.of(
                new Overload(wait > fits ? cause(now) : Cause.SHARE, wait, retryAfterSeconds(now, wait - fits / 2)));
    }

    /**
     * Admits a request while no worker is there, if one that starts for it serves it in time.
     *
     * @param fitsNanos the longest wait from the start of the worker on
     * @param ahead requests of other lanes that run before it
     * @param perSecond the requests that the worker answers per second
     */
    synchronized boolean admitWaiting(
            String tenant, int weight, long now, long fitsNanos, double ahead, double perSecond) {
        double waiting = ahead + backlog(now, 0) + 1;
        long wait = (long) Math.min(waiting / perSecond * SECOND, LONGEST_NANOS);
        boolean fits = wait <= (long) (fitsNanos / CAUTION);
        if (!fits || fairShare.holdsBack(tenant, weight, fitsNanos, wait, perSecond * share, now)) {
            return false;
        }
        admitted++;
        return true;
    }

    /** The requests that wait while no worker is there. */
    synchronized double waiting(long now) {
        return backlog(now, 0);
    }

    /** The speed that was learned last, however long ago; 0 if there is none. */
    synchronized double lastRate() {
        return learnedRate;
    }

    /** Records whether any worker serves this model. */
    synchronized void hasWorkers(long now, boolean any) {
        if (any) {
            goneSince = OptionalLong.empty();
        } else if (goneSince.isEmpty()) {
            goneSince = OptionalLong.of(now);
        }
    }

    /** Records that no worker is there, and that one starts when it is wanted. That nothing is answered says nothing of it. */
    synchronized void expectsWorkers() {
        goneSince = OptionalLong.empty();
        stuckSince = OptionalLong.empty();
    }

    /**
     * Records that partitions of this model go to other workers now. Until they have settled, the workers may turn out to be faster than
     * was learned, but not slower. In a rolling upgrade, requests wait during a hand-over, and run at once after it.
     */
    synchronized void readersChanged(long now) {
        long first = firstChange.orElse(now);
        boolean wasCutShort = settlesAtNanos - first >= MOST_SETTLE_NANOS;
        if (firstChange.isEmpty() || now - settlesAtNanos >= (wasCutShort ? SETTLE_NANOS : 0)) {
            first = now;
        }
        firstChange = OptionalLong.of(first);
        settlesAtNanos = first + Math.min(now + SETTLE_NANOS - first, MOST_SETTLE_NANOS);
    }

    /** Sets the commit interval that the workers of this model announce. */
    synchronized void commitInterval(long millis) {
        commitDelaySeconds = commitDelaySeconds(millis);
    }

    /** An answered request counts as backlog until its worker commits: half of the commit interval on average. */
    private static double commitDelaySeconds(long commitIntervalMillis) {
        return commitIntervalMillis / 1e3 / 2;
    }

    /** Records that Kafka is asked for the lag now. The answer is as old as this, whenever it arrives. */
    synchronized void asking(long now) {
        askedNanos = now;
        admittedWhenAsked = admitted;
    }

    /** Records the answer to the last question. */
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
        hasRefused = false;
        if (lag.committed() > first.lag.committed() || lag.records() == 0) {
            stuckSince = OptionalLong.empty();
        } else if (stuckSince.isEmpty()) {
            stuckSince = OptionalLong.of(askedNanos);
        }
    }

    /** How long a request that is admitted now waits until a worker begins to run it. */
    synchronized long predictedWaitNanos(long now) {
        double rate = rate(now);
        double backlog = backlog(now, rate);
        double drains = rate > 0 ? backlog / rate * SECOND : 0; // not learned yet: there was never a long backlog
        return (long) Math.min(drains, LONGEST_NANOS) + outageNanos(now).orElse(0);
    }

    /** What the predicted wait comes from, for a log. */
    synchronized String explain(long now) {
        double rate = rate(now);
        Seen last = window.peekLast();
        return String.format(
                Locale.ROOT,
                "backlog %.0f records, of which Kafka showed %d %.1f s ago; the workers run %.0f a second; commits %s",
                backlog(now, rate),
                last == null ? 0 : last.lag.records(),
                last == null ? 0 : (now - last.nanos) / SECOND,
                rate,
                stuckSince.isPresent()
                        ? String.format(Locale.ROOT, "pause since %.1f s", (now - stuckSince.getAsLong()) / SECOND)
                        : "go on");
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

    /** How long an outage is expected to last, if there is one: at least as long as it has lasted. */
    private OptionalLong outageNanos(long now) {
        if (goneSince.isPresent()) {
            return OptionalLong.of(Math.max(STUCK_NANOS, now - goneSince.getAsLong()));
        }
        return isAtAStandstill(now) ? OptionalLong.of(now - stuckSince.getAsLong()) : OptionalLong.empty();
    }

    private boolean isAtAStandstill(long now) {
        return stuckSince.isPresent() && now - stuckSince.getAsLong() >= STUCK_NANOS;
    }

    private Cause cause(long now) {
        if (goneSince.isPresent()) {
            return Cause.NO_WORKER;
        }
        return isAtAStandstill(now) ? Cause.STANDSTILL : Cause.BACKLOG;
    }

    /**
     * Runs show the workers' speed over a period in which there was always work. Over any other period they show a lower bound, if they
     * are divided by the time at work. A lower bound does not keep the rate from being forgotten: it may be far too low. Nor does it grow
     * while the gate lets in one request at a time; so the gate lets in some more, as long as that leads to no wait.
     */
    private void learn() {
        List<Seen> looks = List.copyOf(window);
        if (window.getLast().nanos - learnedNanos >= FORGET_NANOS) {
            learnedRate = 0;
        }
        for (int from = 0; from < looks.size() - 1; from++) {
            List<Seen> lately = looks.subList(from, looks.size());
            double speed = waitedAllTheTime(lately) ? speed(lately) : speedAtWork(lately);
            boolean saysLittle = seconds(lately) < PAUSE_SECONDS
                    && (speed < PAUSE_SHARE * learnedRate || (learnedRate == 0 && isTooSoonToTell(lately)));
            boolean counts = speed >= learnedRate || hadSettled(lately.getFirst().nanos);
            if (speed > 0 && counts && !saysLittle && workedAllTheTime(lately)) {
                learned(speed);
                return;
            }
        }
        if (learnedRate > 0) {
            learnedRate = Math.max(learnedRate, speedAtWork(looks)) * (hasRefused && hasRoom(looks) ? PROBE : 1);
            if (speed(looks) > NEAR * learnedRate) {
                learned(learnedRate);
            }
        }
    }

    /** Few requests may be those of a cold worker. One commit may have come when the load had hardly begun. */
    private boolean isTooSoonToTell(List<Seen> looks) {
        return ran(looks) < FEW || seconds(looks) < COMMITS_TO_BELIEVE * 2 * commitDelaySeconds;
    }

    /** Whether workers run what they get, and no more waits than what is about to be committed. */
    private boolean hasRoom(List<Seen> looks) {
        Lag first = looks.getFirst().lag;
        Lag last = looks.getLast().lag;
        long ran = ran(looks);
        return ran > 0
                && givenUp(first, last) <= HARDLY_ANY * ran
                && last.records() <= Math.max(1, learnedRate * 2 * commitDelaySeconds);
    }

    private boolean hadSettled(long nanos) {
        return firstChange.isEmpty() || nanos - settlesAtNanos >= 0;
    }

    private void learned(double speed) {
        learnedRate = speed;
        learnedNanos = window.getLast().nanos;
    }

    private static long ran(List<Seen> looks) {
        return looks.getLast().lag.work().ran() - looks.getFirst().lag.work().ran();
    }

    private static double speed(List<Seen> looks) {
        return Math.max(0, ran(looks)) / seconds(looks);
    }

    /** The same, without the time in which workers had nothing to do. */
    private static double speedAtWork(List<Seen> looks) {
        LaneWork first = looks.getFirst().lag.work();
        LaneWork last = looks.getLast().lag.work();
        long micros = last.microsAtWorkSince(first);
        return micros > 0 ? ran(looks) * 1e6 / micros : speed(looks);
    }

    private static double seconds(List<Seen> looks) {
        return (looks.getLast().nanos - looks.getFirst().nanos) / SECOND;
    }

    /** Whether enough requests waited in the log at each look. */
    private boolean waitedAllTheTime(List<Seen> looks) {
        double enough = enough(looks);
        return looks.stream().allMatch(look -> look.lag.records() > enough);
    }

    private double enough(List<Seen> looks) {
        return Math.max(1, speed(looks) * 4 * commitDelaySeconds);
    }

    /** Whether enough requests waited at each look, or workers were overloaded before it. */
    private boolean workedAllTheTime(List<Seen> looks) {
        double enough = enough(looks);
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

    /** @param enoughNanos the time until the wait is half of what fits, so that a retry is admitted even if the prediction erred */
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
