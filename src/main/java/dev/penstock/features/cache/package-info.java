/**
 * The tiered cache of feature vectors. It never asks two tiers or two calls for the same entity at once.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.features.cache;
