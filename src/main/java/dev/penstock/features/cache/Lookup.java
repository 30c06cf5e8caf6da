package dev.penstock.features.cache;

import dev.penstock.features.vector.FeatureVector;
import java.util.Optional;

/** What is known of an entity. That there is none, and that nobody could say, are two answers. */
public sealed interface Lookup {

    /** Recent enough. */
    record Fresh(FeatureVector vector) implements Lookup {}

    /** Older than it should be: a newer one is on its way, or cannot be had. Only for views that serve such. */
    record Stale(FeatureVector vector) implements Lookup {}

    /**
     * The source has no such entity.
     *
     * @param last what it had before, where that is not too long ago
     */
    record Missing(Optional<FeatureVector> last) implements Lookup {}

    /** Nobody could say. */
    record Unavailable(String reason) implements Lookup {}
}
