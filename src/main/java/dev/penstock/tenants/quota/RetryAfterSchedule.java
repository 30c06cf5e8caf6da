package dev.penstock.tenants.quota;

import java.util.OptionalLong;

/**
 * Schedules {@code Retry-After}. Each refused request gets the next place of a virtual queue, so that retries spread out. Not thread-safe.
 *
 * <p>{@code Retry-After} has whole seconds, so a retry comes up to 1 s after its place. A token takes I to refill, and the bucket holds b
 * tokens. A place for m tokens and the next place for n tokens are this far apart:
 *
 * <pre>max(n * I, 1 s + (m + n - b) * I)</pre>
 *
 * Then a retry that is 1 s late does not take the tokens of the next retry, even if that one is on time. A retry that keeps its place is
 * admitted unless other requests took the tokens.
 */
final class RetryAfterSchedule {
    static final int MOST_SECONDS = 60;

    private static final long SECOND = 1_000_000_000L;

    private final Quota quota;
    private OptionalLong last = OptionalLong.empty();
    private long lastRows;

    RetryAfterSchedule(Quota quota) {
        this.quota = quota;
    }

    private static double apart(double perSecond, long burst, long before, long tokens) {
        double perToken = SECOND / perSecond;
        return Math.max(tokens * perToken, SECOND + (before + tokens - burst) * perToken);
    }

    /**
     * Takes the next place and returns the seconds until then, in 1..60.
     *
     * @param waitNanos until the bucket has the tokens, if no retry is scheduled
     * @param ingresses the number of ingresses that schedule retries
     */
    int next(long rows, long waitNanos, int ingresses, long now) {
        long earliest = now + waitNanos;
        double apart = Math.max(
                apart(quota.requestsPerSecond(), quota.requestBurst(), 1, 1),
                apart(quota.rowsPerSecond(), quota.rowBurst(), lastRows, rows));
        long free = last.isPresent() ? last.getAsLong() + (long) Math.ceil(apart * ingresses) : earliest;
        long place = Math.min(free - earliest > 0 ? free : earliest, now + MOST_SECONDS * SECOND);
        last = OptionalLong.of(place);
        lastRows = rows;
        return Math.clamp((place - now + SECOND - 1) / SECOND, 1, MOST_SECONDS);
    }
}
