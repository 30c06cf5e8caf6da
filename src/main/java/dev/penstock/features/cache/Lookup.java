package dev.penstock.features.cache;

import dev.penstock.features.vector.FeatureVector;
import java.util.Optional;

/** The result of looking up one entity. {@link Missing} (no such entity) and {@link Unavailable} (no answer) are different results. */
public sealed interface Lookup {

    /** The values are younger than {@code fresh-for}. */
    record Fresh(FeatureVector vector) implements Lookup {}

    /** The values are older than {@code fresh-for}; a refresh is running or has failed. Only views with {@code serve_stale} get this. */
    record Stale(FeatureVector vector) implements Lookup {}

    /**
     * The source has no such entity.
     *
     * @param last its last known values, if they are younger than {@code keep-for}
     */
    record Missing(Optional<FeatureVector> last) implements Lookup {}

    /** No tier could answer. */
    record Unavailable(String reason) implements Lookup {}
}
