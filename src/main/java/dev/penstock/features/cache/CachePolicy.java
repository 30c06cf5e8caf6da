package dev.penstock.features.cache;

import dev.penstock.features.vector.EntityKey;
import dev.penstock.features.vector.FeatureVector;
import java.time.Duration;
import java.util.Optional;

/**
 * How long what is good for what. Pure: time is a parameter. An age is jittered by entity, always the same for the same value, so that what came in
 * together does not go out together.
 *
 * @param refreshAfter from this age on, a value is served, and fetched anew beside
 * @param freshFor up to this age a value is fresh (soft TTL)
 * @param keepFor up to this age a value is better than none, for views that serve stale ones (hard TTL)
 * @param missingFor how long an entity that is not there is not asked for again
 * @param failedFor likewise one that nobody could tell of
 * @param jitter by how much of themselves these are shortened at most, 0..0.5
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
            throw new IllegalArgumentException("must be 0 <= refreshAfter <= freshFor <= keepFor, were " + refreshAfter
                    + ", " + freshFor + " and " + keepFor);
        }
        if (!(jitter >= 0 && jitter <= 0.5)) {
            throw new IllegalArgumentException("jitter must be in 0..0.5, was " + jitter);
        }
    }

    /** @param lookup empty when what is held answers nothing; {@code refresh} whether to fetch it anew beside */
    record Answer(Optional<Lookup> lookup, boolean refresh) {
        private static final Answer NONE = new Answer(Optional.empty(), false);
    }

    /** What can be answered from what is held, now. */
    Answer answer(EntityKey entity, Held held, boolean servesStale, long nowMillis) {
        return switch (held) {
            case Held.Known(FeatureVector known) -> graded(entity, known, servesStale, nowMillis);
            case Held.Absent(long checked, Optional<FeatureVector> last) ->
                isOver(missingFor, entity, checked, nowMillis)
                        ? Answer.NONE
                        : new Answer(
                                Optional.of(
                                        new Lookup.Missing(last.filter(vector -> isKept(entity, vector, nowMillis)))),
                                false);
            case Held.Failed(long checked, String reason, Optional<FeatureVector> last) -> {
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

    /** Whether a value that another process fetched is as good as one fetched now. */
    boolean isNew(EntityKey entity, FeatureVector vector, long nowMillis) {
        return !isOver(refreshAfter, entity, vector.readMillis(), nowMillis);
    }

    /** How long Redis is to keep it; 0 when not at all. */
    long ttlMillis(EntityKey entity, Held held, long nowMillis) {
        return switch (held) {
            case Held.Known(FeatureVector known) -> left(keepFor, entity, known.readMillis(), nowMillis);
            case Held.Absent(long checked, Optional<FeatureVector> last) ->
                left(missingFor, entity, checked, nowMillis);
            case Held.Failed failed -> 0;
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
        // By a clock that is ahead of ours: a time is trusted as little ahead as behind, or it would stay fresh until
        // we get there.
        return Math.max(0, jittered - Math.abs(nowMillis - sinceMillis));
    }
}
