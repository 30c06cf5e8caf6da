package dev.penstock.features.vector;

/** What a source says of one entity. */
public sealed interface SourceResult {

    /** Its values. */
    record Found(FeatureVector vector) implements SourceResult {}

    /** There is no such entity. */
    record NotFound() implements SourceResult {}

    /** What it says cannot be used; other entities of the same answer can. */
    record Broken(String reason) implements SourceResult {}
}
