/**
 * Features by entity: a view says which values a model wants; {@link dev.penstock.features.FeatureCache} looks a whole batch up, in
 * this process, then in Redis, then at the source, and never asks two of them the same thing at once.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.features;
