package dev.penstock.worker.loop;

import dev.penstock.protocol.Problem;
import java.util.Optional;

/**
 * Whether the centre that runs the batches is away. During an outage one batch at a time is tried, with a rest after each try. A centre that
 * returns gets one batch first, and then as many as usual. Confined to the loop's thread.
 */
final class Outage {
    static final long REST_NANOS = 1_000_000_000L;

    private Optional<Problem> reason = Optional.empty();
    private long restsUntil;

    void failed(Problem why, long now) {
        reason = Optional.of(why);
        restsUntil = now + REST_NANOS;
    }

    void ended() {
        reason = Optional.empty();
    }

    /** Why nothing runs; empty while there is no outage. */
    Optional<Problem> reason() {
        return reason;
    }

    /** Whether a batch may try the centre, during an outage. */
    boolean allowsATry(long now, boolean isIdle) {
        return isIdle && now - restsUntil >= 0;
    }

    /** Nanoseconds until the next try. */
    long rest(long now) {
        return Math.max(0, restsUntil - now);
    }
}
