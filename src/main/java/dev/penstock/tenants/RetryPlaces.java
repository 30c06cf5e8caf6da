package dev.penstock.tenants;

import java.util.OptionalLong;

/**
 * When to come back: whoever is refused gets the next place of a virtual queue, so that not all come back at once. Not thread-safe.
 *
 * <p>People come in whole seconds, up to one later than their place. Places are so far apart that the bucket holds who comes within
 * two of them: of those who come when told, and before whom nobody else took the tokens, all are admitted.
 */
final class RetryPlaces {
    static final int MOST_SECONDS = 60;

    private static final long SECOND = 1_000_000_000L;

    private final double requestNanos;
    private final double rowNanos;
    private OptionalLong last = OptionalLong.empty();

    RetryPlaces(Quota quota) {
        this.requestNanos = apart(quota.requestsPerSecond(), quota.requestBurst());
        this.rowNanos = apart(quota.rowsPerSecond(), quota.rowBurst());
    }

    private static double apart(double perSecond, long burst) {
        return Math.max(SECOND / perSecond, 2.0 * SECOND / burst);
    }

    /**
     * Takes the next place.
     *
     * @param waitNanos until there is room, if nobody waits
     * @param ingresses that give out places
     */
    int next(long rows, long waitNanos, int ingresses, long now) {
        long earliest = now + waitNanos;
        long takes = (long) (Math.max(requestNanos, rows * rowNanos) * ingresses);
        long free = last.isPresent() ? last.getAsLong() + takes : earliest;
        long place = Math.min(free - earliest > 0 ? free : earliest, now + MOST_SECONDS * SECOND);
        last = OptionalLong.of(place);
        return Math.clamp((place - now + SECOND - 1) / SECOND, 1, MOST_SECONDS);
    }
}
