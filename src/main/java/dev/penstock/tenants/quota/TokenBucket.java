package dev.penstock.tenants.quota;

/**
 * A token bucket by virtual scheduling (ITU-T I.371's GCRA). No clock of its own. Not thread-safe.
 *
 * <p>All that it holds is the time F at which it is full again. With I = time a token, at time t:
 *
 * <pre>
 * tokens     = burst - max(0, F - t) / I
 * n are let go if tokens &gt;= min(n, burst), and then F = max(F, t) + n * I
 * else wait  F - t - (burst - min(n, burst)) * I
 * </pre>
 *
 * Over any time T no more than burst + T / I go. More than the burst at once go only when the bucket is full, which then owes them:
 * whoever does not want that refuses them first. Times are rounded against the caller, by a nanosecond each time at most.
 */
final class TokenBucket {
    private static final double SECOND = 1e9;

    private final double tokenNanos;
    private final long burst;
    private long fullNanos;

    /** A full one. */
    TokenBucket(double tokensPerSecond, long burst, long now) {
        this.tokenNanos = SECOND / tokensPerSecond;
        this.burst = burst;
        this.fullNanos = now;
    }

    /** Until that many can be taken; 0 when they can be now. */
    long waitNanos(long tokens, long now) {
        long room = (long) ((burst - Math.min(tokens, burst)) * tokenNanos);
        return tokens == 0 ? 0 : Math.max(0, debtNanos(now) - room);
    }

    /** Whether or not they are there. */
    void take(long tokens, long now) {
        fullNanos = now + debtNanos(now) + (long) Math.ceil(tokens * tokenNanos);
    }

    long left(long now) {
        return Math.max(0, (long) (burst - debtNanos(now) / tokenNanos));
    }

    /** Somebody who knows better says how long it takes to fill. */
    void fillsIn(long nanos, long now) {
        fullNanos = now + nanos;
    }

    private long debtNanos(long now) {
        return Math.max(0, fullNanos - now);
    }
}
