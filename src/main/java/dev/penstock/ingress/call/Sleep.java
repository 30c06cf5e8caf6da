package dev.penstock.ingress.call;

import dev.penstock.protocol.Lane;
import dev.penstock.protocol.ScaleToZero;
import dev.penstock.protocol.Term;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

/**
 * A model that has scaled to zero: no worker serves it, and one is started once it is wanted. It is wanted while records wait in its log,
 * and for a while after a call for it. Ends when a worker is ready. Thread-safe.
 */
public final class Sleep {
    /** A caller that was refused comes back within this time, or no longer wants an answer. */
    private static final long WANTED_NANOS = Duration.ofMinutes(10).toNanos();

    /** What the first worker answers at least, where nothing is known of its speed. A slow model on a CPU does that. */
    private static final double UNKNOWN_REQUESTS_PER_SECOND = 10;

    /** Callers that were refused come back within this time after the start. */
    private static final double MOST_SPREAD_SECONDS = 60;

    private static final double SECOND = 1e9;

    private final ScaleToZero setting;
    private final LongSupplier nanoClock;
    private final Map<Lane, Term> oldest = new EnumMap<>(Lane.class);
    private OptionalLong wantedNanos = OptionalLong.empty();
    private OptionalLong askedNanos = OptionalLong.empty();
    private long refusals;

    Sleep(ScaleToZero setting, LongSupplier nanoClock) {
        this.setting = setting;
        this.nanoClock = nanoClock;
    }

    ScaleToZero setting() {
        return setting;
    }

    /** How long a start takes at most. */
    public long startNanos() {
        return setting.start().toNanos();
    }

    /**
     * The requests per second that the first worker answers at least.
     *
     * @param learned what workers did before; 0 if that is not known
     */
    public double requestsPerSecond(double learned) {
        if (setting.requestsPerSecond().isPresent()) {
            return setting.requestsPerSecond().getAsInt();
        }
        return learned > 0 ? learned : UNKNOWN_REQUESTS_PER_SECOND;
    }

    /** Somebody calls the model now. */
    public synchronized void asked() {
        long now = nanoClock.getAsLong();
        wanted(now);
        askedNanos = OptionalLong.of(now);
    }

    /**
     * A request waits in the log from now on.
     *
     * @param leftNanos to its deadline
     */
    public synchronized void accepted(Lane lane, long leftNanos) {
        long now = nanoClock.getAsLong();
        wanted(now);
        oldest.putIfAbsent(lane, new Term(now, now + leftNanos));
    }

    /**
     * Kafka has told how many records wait in a lane. So other ingresses' requests count, and those of other systems.
     *
     * @param atNanos when Kafka was asked
     * @param timeoutNanos the time of a request that sets none: nothing else is known of these requests
     */
    public synchronized void seen(Lane lane, long records, long atNanos, long timeoutNanos) {
        if (records > 0) {
            wanted(atNanos);
            oldest.putIfAbsent(lane, new Term(atNanos, atNanos + timeoutNanos));
        } else {
            oldest.computeIfPresent(lane, (none, term) -> term.arrivalNanos() - atNanos < 0 ? null : term);
        }
    }

    private void wanted(long now) {
        if (!isWanted(now)) {
            wantedNanos = OptionalLong.of(now);
            refusals = 0;
        }
    }

    private boolean isWanted(long now) {
        boolean isAsked = askedNanos.isPresent() && now - askedNanos.getAsLong() < WANTED_NANOS;
        return wantedNanos.isPresent() && (isAsked || !oldest.isEmpty());
    }

    /** Whether a worker should have started by now. Then the model has an outage. */
    public boolean isOverdue() {
        return overdueSince().isPresent();
    }

    /** Since when a worker is wanted that should have started by now. */
    public synchronized Optional<Long> overdueSince() {
        long now = nanoClock.getAsLong();
        boolean isOverdue = isWanted(now) && now - wantedNanos.orElse(now) > startNanos();
        return isOverdue ? Optional.of(wantedNanos.orElse(now)) : Optional.empty();
    }

    private long startLeftNanos() {
        long now = nanoClock.getAsLong();
        return isWanted(now) ? Math.max(0, startNanos() - (now - wantedNanos.orElse(now))) : startNanos();
    }

    /**
     * When a call that is refused now should come back: when the worker has started and has answered what waits. Callers come back one
     * after the other.
     *
     * @param ahead requests that wait
     */
    public synchronized int retryAfterSeconds(double ahead, double requestsPerSecond) {
        double spread = Math.min((ahead + refusals) / requestsPerSecond, MOST_SPREAD_SECONDS);
        refusals++;
        return (int) Math.max(1, Math.ceil(startLeftNanos() / SECOND + spread));
    }

    /** When a worker is there, in seconds, if one is asked for now. */
    public synchronized int startLeftSeconds() {
        return (int) Math.max(1, Math.ceil(startLeftNanos() / SECOND));
    }

    /** The share of its time that the oldest request of a lane has used up that waits; 0 if none waits. */
    public synchronized double deadlineUsed(Lane lane) {
        return Optional.ofNullable(oldest.get(lane))
                .map(term -> term.used(nanoClock.getAsLong()))
                .orElse(0.0);
    }

    /** What is known of it, for people. */
    public synchronized String explain() {
        long now = nanoClock.getAsLong();
        long start = setting.start().toSeconds();
        if (!isWanted(now)) {
            return "it has scaled to zero; the next request starts a worker within " + start + " s";
        }
        long since = (now - wantedNanos.orElse(now)) / Duration.ofSeconds(1).toNanos();
        return "it has scaled to zero; a worker is wanted for " + since + " s, and "
                + (isOverdue() ? "should have started within " : "starts within ") + start + " s";
    }
}
