/**
 * Features by entity. {@link dev.penstock.features.FeatureCaches} opens a cache for each view, as configured. {@link
 * dev.penstock.features.cache.FeatureCache} looks up a batch in this process, then in Redis, then at the source.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.features;
