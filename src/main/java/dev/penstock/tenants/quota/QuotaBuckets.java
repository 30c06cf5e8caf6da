package dev.penstock.tenants.quota;

/** A quota's bucket of requests and its bucket of rows: a request takes from both, when both have enough. Not thread-safe. */
final class QuotaBuckets {
    private final TokenBucket requests;
    private final TokenBucket rows;

    /**
     * Full ones.
     *
     * @param parties among whom the quota is divided evenly; each may have a token at least
     */
    QuotaBuckets(Quota quota, int parties, long now) {
        this.requests =
                new TokenBucket(quota.requestsPerSecond() / parties, Math.max(1, quota.requestBurst() / parties), now);
        this.rows = new TokenBucket(quota.rowsPerSecond() / parties, Math.max(1, quota.rowBurst() / parties), now);
    }

    /** Until that many tokens of each can be taken; 0 when they can be now. */
    long waitNanos(long requestTokens, long rowTokens, long now) {
        return Math.max(requests.waitNanos(requestTokens, now), rows.waitNanos(rowTokens, now));
    }

    /** The bucket that makes it wait longer. */
    QuotaLimit shorter(long requestRows, long now) {
        return rows.waitNanos(requestRows, now) > requests.waitNanos(1, now) ? QuotaLimit.ROWS : QuotaLimit.REQUESTS;
    }

    void take(long requestRows, long now) {
        requests.take(1, now);
        rows.take(requestRows, now);
    }

    QuotaLeft left(long now) {
        return new QuotaLeft(requests.left(now), rows.left(now));
    }

    /** Somebody who knows better says how long each takes to fill. */
    void fillIn(long requestsNanos, long rowsNanos, long now) {
        requests.fillsIn(requestsNanos, now);
        rows.fillsIn(rowsNanos, now);
    }
}
