package dev.penstock.features.vector;

/** The quality of a request's feature values, from best to worst. */
public enum FeatureQuality {
    FRESH,
    STALE,
    DEFAULT
}
