package dev.penstock.features.cache;

import dev.penstock.features.vector.FeatureVector;
import java.util.Optional;

/** A cache's entry for one entity. */
sealed interface CacheEntry {

    /** The entity has these values. */
    record Present(FeatureVector known) implements CacheEntry {
        @Override
        public Optional<FeatureVector> vector() {
            return Optional.of(known);
        }
    }

    /** The source had no such entity at {@code checkedMillis}. Keeps the last known values, if any. */
    record Absent(long checkedMillis, Optional<FeatureVector> vector) implements CacheEntry {}

    /** The source could not answer at {@code checkedMillis}. Keeps the last known values, if any. */
    record Failed(long checkedMillis, String reason, Optional<FeatureVector> vector) implements CacheEntry {}

    /** The last known values, if any. */
    Optional<FeatureVector> vector();

    /**
     * Merges this entry over an earlier one: the newer entry wins, and the last known values are kept. Two entries with values are
     * ordered by version. A value and an absence are ordered by time.
     */
    default CacheEntry over(Optional<CacheEntry> before) {
        Optional<FeatureVector> last = before.flatMap(CacheEntry::vector);
        return switch (this) {
            case Present(FeatureVector mine)
            when before.isPresent() && before.get() instanceof Absent absent ->
                absent.checkedMillis > mine.readMillis() ? absent : this;
            case Present(FeatureVector mine) ->
                last.isPresent() && last.get().version() > mine.version()
                        ? new Present(last.get().confirmed(mine.readMillis()))
                        : this;
            case Absent(long checked, Optional<FeatureVector> mine)
            when before.isPresent() && before.get() instanceof Present known && known.known.readMillis() > checked ->
                known;
            case Absent(long checked, Optional<FeatureVector> mine) -> new Absent(checked, mine.or(() -> last));
            case Failed(long checked, String reason, Optional<FeatureVector> mine) ->
                new Failed(checked, reason, mine.or(() -> last));
        };
    }
}
