package dev.penstock.worker.loop;

import dev.penstock.protocol.Problem;
import java.util.Optional;

/**
 * Whether what runs batches is away. While it is, one batch at a time tries whether it is back, with a rest after each try. So a centre that
 * returns is asked once, and then by as many batches as usual. Confined to the loop's thread.
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

    boolean allowsARun(long now, boolean isIdle) {
        return reason.isEmpty() || (isIdle && now - restsUntil >= 0);
    }

    /** Nanoseconds until the next try. */
    long rest(long now) {
        return Math.max(0, restsUntil - now);
    }
}
