package dev.penstock.tenants.quota;

/** The request bucket and the row bucket of a quota. A request takes from both, once both have enough. Not thread-safe. */
final class QuotaBuckets {
    private final TokenBucket requests;
    private final TokenBucket rows;

    /**
     * Creates full buckets.
     *
     * @param parties the number of equal shares of the quota; a share holds at least one token
     */
    QuotaBuckets(Quota quota, int parties, long now) {
        this.requests =
                new TokenBucket(quota.requestsPerSecond() / parties, Math.max(1, quota.requestBurst() / parties), now);
        this.rows = new TokenBucket(quota.rowsPerSecond() / parties, Math.max(1, quota.rowBurst() / parties), now);
    }

    /** Returns how long to wait until both buckets have the tokens; 0 when they have them now. */
    long waitNanos(long requestTokens, long rowTokens, long now) {
        return Math.max(requests.waitNanos(requestTokens, now), rows.waitNanos(rowTokens, now));
    }

    /** Returns the bucket with the longer wait. */
    QuotaLimit limiting(long requestRows, long now) {
        return rows.waitNanos(requestRows, now) > requests.waitNanos(1, now) ? QuotaLimit.ROWS : QuotaLimit.REQUESTS;
    }

    void take(long requestRows, long now) {
        requests.take(1, now);
        rows.take(requestRows, now);
    }

    RemainingQuota left(long now) {
        return new RemainingQuota(requests.left(now), rows.left(now));
    }

    /** Replaces the estimate of when each bucket is full. */
    void fillIn(long requestsNanos, long rowsNanos, long now) {
        requests.fillsIn(requestsNanos, now);
        rows.fillsIn(rowsNanos, now);
    }
}
