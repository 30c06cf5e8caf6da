package dev.penstock.features.cache;

import dev.penstock.features.vector.EntityKey;
import dev.penstock.features.vector.FeatureVector;
import java.time.Duration;
import java.util.Optional;

/**
 * Decides how long a cache entry may be served. Pure: time is a parameter. Each limit is jittered by entity and entry time, so entries
 * that were loaded together do not expire together. The same entry always gets the same jitter.
 *
 * @param refreshAfter from this age on, a value is served and refreshed in the background
 * @param freshFor up to this age, a value is fresh (soft TTL)
 * @param keepFor up to this age, a view that serves stale values may serve it (hard TTL)
 * @param missingFor how long the source is not asked again for a missing entity
 * @param failedFor how long the source is not asked again after a failure
 * @param jitter the largest fraction, in 0..0.5, by which each of these limits is shortened
 */
public record CachePolicy(
        Duration refreshAfter,
        Duration freshFor,
        Duration keepFor,
        Duration missingFor,
        Duration failedFor,
        double jitter) {

    public CachePolicy {
        if (refreshAfter.compareTo(freshFor) > 0 || freshFor.compareTo(keepFor) > 0 || refreshAfter.isNegative()) {
            throw new IllegalArgumentException("ages must be 0 <= refreshAfter <= freshFor <= keepFor, were "
                    + refreshAfter + ", " + freshFor + " and " + keepFor);
        }
        if (!(jitter >= 0 && jitter <= 0.5)) {
            throw new IllegalArgumentException("jitter must be in 0..0.5, was " + jitter);
        }
    }

    /**
     * @param lookup empty when the entry cannot be served
     * @param refresh whether to reload the entity in the background
     */
    record Answer(Optional<Lookup> lookup, boolean refresh) {
        private static final Answer NONE = new Answer(Optional.empty(), false);
    }

    /** Returns the result that an entry gives now. */
    Answer answer(EntityKey entity, CacheEntry held, boolean servesStale, long nowMillis) {
        return switch (held) {
            case CacheEntry.Present(FeatureVector known) -> graded(entity, known, servesStale, nowMillis);
            case CacheEntry.Absent(long checked, Optional<FeatureVector> last) ->
                isOver(missingFor, entity, checked, nowMillis)
                        ? Answer.NONE
                        : new Answer(
                                Optional.of(
                                        new Lookup.Missing(last.filter(vector -> isKept(entity, vector, nowMillis)))),
                                false);
            case CacheEntry.Failed(long checked, String reason, Optional<FeatureVector> last) -> {
                boolean mayRetry = isOver(failedFor, entity, checked, nowMillis);
                Answer answer = last.map(vector -> graded(entity, vector, servesStale, nowMillis))
                        .orElse(Answer.NONE);
                if (answer.lookup.isPresent()) {
                    yield new Answer(answer.lookup, answer.refresh && mayRetry);
                }
                yield mayRetry ? Answer.NONE : new Answer(Optional.of(new Lookup.Unavailable(reason)), false);
            }
        };
    }

    /** Whether a value that another process loaded is too young to be refreshed. */
    boolean isNew(EntityKey entity, FeatureVector vector, long nowMillis) {
        return !isOver(refreshAfter, entity, vector.readMillis(), nowMillis);
    }

    /** Returns the TTL of an entry in Redis; 0 when it must not be stored. */
    long ttlMillis(EntityKey entity, CacheEntry held, long nowMillis) {
        return switch (held) {
            case CacheEntry.Present(FeatureVector known) -> left(keepFor, entity, known.readMillis(), nowMillis);
            case CacheEntry.Absent(long checked, Optional<FeatureVector> last) ->
                left(missingFor, entity, checked, nowMillis);
            case CacheEntry.Failed failed -> 0;
        };
    }

    private Answer graded(EntityKey entity, FeatureVector vector, boolean servesStale, long nowMillis) {
        if (!isOver(freshFor, entity, vector.readMillis(), nowMillis)) {
            return new Answer(Optional.of(new Lookup.Fresh(vector)), !isNew(entity, vector, nowMillis));
        }
        return servesStale && isKept(entity, vector, nowMillis)
                ? new Answer(Optional.of(new Lookup.Stale(vector)), true)
                : Answer.NONE;
    }

    private boolean isKept(EntityKey entity, FeatureVector vector, long nowMillis) {
        return !isOver(keepFor, entity, vector.readMillis(), nowMillis);
    }

    private boolean isOver(Duration age, EntityKey entity, long sinceMillis, long nowMillis) {
        return left(age, entity, sinceMillis, nowMillis) == 0;
    }

    private long left(Duration age, EntityKey entity, long sinceMillis, long nowMillis) {
        long mixed = (entity.hashCode() * 0x9E3779B97F4A7C15L) ^ (sinceMillis * 0xC2B2AE3D27D4EB4FL);
        double share = (((mixed ^ (mixed >>> 31)) * 0x9E3779B97F4A7C15L) >>> 11) * 0x1p-53;
        long jittered = (long) (age.toMillis() * (1 - jitter * share));
        // A time ahead of our clock comes from another machine's clock. It ages by its distance from now, like a time
        // behind.
        // Otherwise it would stay fresh until our clock caught up.
        return Math.max(0, jittered - Math.abs(nowMillis - sinceMillis));
    }
}
