package dev.penstock.features.vector;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Which values of an entity a model wants.
 *
 * @param name as sources and topics know it
 * @param version to be raised when the same names come to mean something else
 * @param features their names, in the model's order
 * @param defaults what stands in for a single feature that the source holds no value of; empty, or one for each feature
 * @param servesStale whether an old value is better than none, and good enough while a new one is fetched
 */
public record FeatureView(String name, int version, List<String> features, List<Float> defaults, boolean servesStale) {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,99}");
    private static final int MOST_FEATURES = 4096;

    public FeatureView {
        features = List.copyOf(features);
        defaults = List.copyOf(defaults);
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("name of a view must match " + NAME + ", was '" + name + "'");
        }
        if (features.isEmpty() || features.size() > MOST_FEATURES) {
            throw new IllegalArgumentException(
                    "features must be 1.." + MOST_FEATURES + " names, were " + features.size());
        }
        if (new HashSet<>(features).size() < features.size()) {
            throw new IllegalArgumentException("features must be named once each, were " + features);
        }
        if (!defaults.isEmpty() && defaults.size() != features.size()) {
            throw new IllegalArgumentException(
                    "defaults must be one for each of " + features.size() + " features, were " + defaults.size());
        }
    }

    /** Tells apart what must not be mixed: a view whose names or order have changed reads none of what it stored before. */
    public String layout() {
        return "%d.%08x".formatted(version, features.hashCode());
    }

    /** What stands in for an entity, where defaults are given. */
    public Optional<FeatureVector> defaultVector() {
        if (defaults.isEmpty()) {
            return Optional.empty();
        }
        float[] values = new float[defaults.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = defaults.get(i);
        }
        return Optional.of(new FeatureVector(values, 0, 0));
    }

    /** Where vectors are in Redis; the entity follows. */
    public String keyPrefix() {
        return "penstock:feature:" + name + ":" + layout() + ":";
    }
}
