/**
 * The tiered cache of feature vectors. At any time, at most one call is loading a given entity.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.features.cache;
