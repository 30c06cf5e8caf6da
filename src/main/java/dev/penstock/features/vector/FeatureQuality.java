package dev.penstock.features.vector;

/** How good the feature values of a request are, from best to worst. */
public enum FeatureQuality {
    FRESH,
    STALE,
    DEFAULT
}
