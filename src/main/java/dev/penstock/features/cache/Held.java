package dev.penstock.features.cache;

import dev.penstock.features.vector.FeatureVector;
import java.util.Optional;

/** A cache's entry for one entity. */
sealed interface Held {

    /** The entity has these values. */
    record Known(FeatureVector known) implements Held {
        @Override
        public Optional<FeatureVector> vector() {
            return Optional.of(known);
        }
    }

    /** The source had no such entity at {@code checkedMillis}. Keeps the last known values, if any. */
    record Absent(long checkedMillis, Optional<FeatureVector> vector) implements Held {}

    /** The source could not answer at {@code checkedMillis}. Keeps the last known values, if any. */
    record Failed(long checkedMillis, String reason, Optional<FeatureVector> vector) implements Held {}

    /** The last known values, if any. */
    Optional<FeatureVector> vector();

    /**
     * Merges this entry over an earlier one: the newer entry wins, and the last known values are kept. Two entries with values are
     * ordered by version. A value and an absence are ordered by time.
     */
    default Held over(Optional<Held> before) {
        Optional<FeatureVector> last = before.flatMap(Held::vector);
        return switch (this) {
            case Known(FeatureVector mine)
            when before.isPresent() && before.get() instanceof Absent absent ->
                absent.checkedMillis > mine.readMillis() ? absent : this;
            case Known(FeatureVector mine) ->
                last.isPresent() && last.get().version() > mine.version()
                        ? new Known(last.get().confirmed(mine.readMillis()))
                        : this;
            case Absent(long checked, Optional<FeatureVector> mine)
            when before.isPresent() && before.get() instanceof Known known && known.known.readMillis() > checked ->
                known;
            case Absent(long checked, Optional<FeatureVector> mine) -> new Absent(checked, mine.or(() -> last));
            case Failed(long checked, String reason, Optional<FeatureVector> mine) ->
                new Failed(checked, reason, mine.or(() -> last));
        };
    }
}
