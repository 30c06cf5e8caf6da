/**
 * Features by entity. {@link dev.penstock.features.Features} opens a cache for each view from the configuration; {@link
 * dev.penstock.features.cache.FeatureCache} looks up a whole batch: in this process, then in Redis, then at the source.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.features;
