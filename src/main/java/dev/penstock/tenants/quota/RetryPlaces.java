package dev.penstock.tenants.quota;

import java.util.OptionalLong;

/**
 * When to come back: whoever is refused gets the next place of a virtual queue, so that not all come back at once. Not thread-safe.
 *
 * <p>People come in whole seconds, up to one later than their place. A token takes I to come, and the bucket holds b of them: so that
 * even one who comes that late does not take the tokens of the next, who comes in time, places of m and then n tokens are
 *
 * <pre>max(n * I, 1 s + (m + n - b) * I)</pre>
 *
 * apart. Of those who come when told, and before whom nobody else took the tokens, all are admitted.
 */
final class RetryPlaces {
    static final int MOST_SECONDS = 60;

    private static final long SECOND = 1_000_000_000L;

    private final Quota quota;
    private OptionalLong last = OptionalLong.empty();
    private long lastRows;

    RetryPlaces(Quota quota) {
        this.quota = quota;
    }

    private static double apart(double perSecond, long burst, long before, long tokens) {
        double perToken = SECOND / perSecond;
        return Math.max(tokens * perToken, SECOND + (before + tokens - burst) * perToken);
    }

    /**
     * Takes the next place.
     *
     * @param waitNanos until there is room, if nobody waits
     * @param ingresses that give out places
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
