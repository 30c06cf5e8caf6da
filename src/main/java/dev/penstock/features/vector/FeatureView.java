package dev.penstock.features.vector;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The features of an entity that a model needs.
 *
 * @param name the view's name in sources and topics
 * @param version raise it when the same feature names change their meaning
 * @param features feature names, in the model's order
 * @param defaults replace features without a value in the source; empty, or one per feature
 * @param servesStale whether to serve a value older than {@code fresh-for} while a new one loads or when loading fails
 */
public record FeatureView(String name, int version, List<String> features, List<Float> defaults, boolean servesStale) {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,99}");
    private static final int MOST_FEATURES = 4096;

    public FeatureView {
        features = List.copyOf(features);
        defaults = List.copyOf(defaults);
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("view name must match " + NAME + ", was '" + name + "'");
        }
        if (features.isEmpty() || features.size() > MOST_FEATURES) {
            throw new IllegalArgumentException(
                    "number of features must be in 1.." + MOST_FEATURES + ", was " + features.size());
        }
        if (new HashSet<>(features).size() < features.size()) {
            throw new IllegalArgumentException("feature names must be unique, were " + features);
        }
        if (!defaults.isEmpty() && defaults.size() != features.size()) {
            throw new IllegalArgumentException(
                    "number of defaults must be 0 or " + features.size() + ", one per feature, was " + defaults.size());
        }
    }

    /** Identifies the feature layout. When names, order or version change, the view no longer reads entries that it stored before. */
    public String layout() {
        return String.format(Locale.ROOT, "%d.%08x", version, features.hashCode());
    }

    /** The vector of all defaults, if the view has defaults. */
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

    /** The prefix of the view's Redis keys; the entity follows. */
    public String keyPrefix() {
        return "penstock:feature:" + name + ":" + layout() + ":";
    }
}
