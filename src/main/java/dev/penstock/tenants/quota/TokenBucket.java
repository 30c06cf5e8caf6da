package dev.penstock.tenants.quota;

/**
 * A token bucket by virtual scheduling (GCRA, ITU-T I.371). Pure: times are parameters. Not thread-safe.
 *
 * <p>The only state is the time F at which the bucket is full again. With I = time per token, at time t:
 *
 * <pre>
 * tokens     = burst - max(0, F - t) / I
 * admit n if tokens &gt;= min(n, burst), and then F = max(F, t) + n * I
 * otherwise wait F - t - (burst - min(n, burst)) * I
 * </pre>
 *
 * Over any time T, at most burst + T / I tokens are admitted. A request for more than the burst passes only when the bucket is full, and
 * leaves a debt; callers that do not want this reject such requests first. Rounding favours the limit, by at most 1 ns per call.
 */
final class TokenBucket {
    private static final double SECOND = 1e9;

    private final double tokenNanos;
    private final long burst;
    private long fullNanos;

    /** Creates a full bucket. */
    TokenBucket(double tokensPerSecond, long burst, long now) {
        this.tokenNanos = SECOND / tokensPerSecond;
        this.burst = burst;
        this.fullNanos = now;
    }

    /** Returns how long until the tokens can be taken; 0 when they can be taken now. */
    long waitNanos(long tokens, long now) {
        long room = (long) ((burst - Math.min(tokens, burst)) * tokenNanos);
        return tokens == 0 ? 0 : Math.max(0, debtNanos(now) - room);
    }

    /** Takes tokens, even if the bucket does not have them. */
    void take(long tokens, long now) {
        fullNanos = now + debtNanos(now) + (long) Math.ceil(tokens * tokenNanos);
    }

    long left(long now) {
        return Math.max(0, (long) (burst - debtNanos(now) / tokenNanos));
    }

    /** Replaces the estimate of when the bucket is full. */
    void fillsIn(long nanos, long now) {
        fullNanos = now + nanos;
    }

    private long debtNanos(long now) {
        return Math.max(0, fullNanos - now);
    }
}
