package dev.penstock.features.cache;

import dev.penstock.features.vector.FeatureVector;
import java.util.Optional;

/** What a cache holds of an entity. */
sealed interface Held {

    /** Its values. */
    record Known(FeatureVector known) implements Held {
        @Override
        public Optional<FeatureVector> vector() {
            return Optional.of(known);
        }
    }

    /** That there was none when the source was asked; and what there was before. */
    record Absent(long checkedMillis, Optional<FeatureVector> vector) implements Held {}

    /** That nobody could say; and what there was before. */
    record Failed(long checkedMillis, String reason, Optional<FeatureVector> vector) implements Held {}

    /** The latest values, if there are any. */
    Optional<FeatureVector> vector();

    /**
     * This, unless what was held before is newer; and never less than what was known before. Values are ordered by version, and values and
     * absences among each other by time.
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
