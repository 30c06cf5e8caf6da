package dev.penstock.features.vector;

/** A source's result for one entity. */
public sealed interface SourceResult {

    /** The entity has these values. */
    record Found(FeatureVector vector) implements SourceResult {}

    /** The source has no such entity. */
    record NotFound() implements SourceResult {}

    /** The result for this entity is invalid. Other entities of the same response are not affected. */
    record Invalid(String reason) implements SourceResult {}
}
