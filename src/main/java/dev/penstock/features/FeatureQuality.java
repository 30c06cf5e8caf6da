package dev.penstock.features;

/** How good the feature values of a request are, from best to worst. */
public enum FeatureQuality {
    FRESH,
    STALE,
    DEFAULT
}
