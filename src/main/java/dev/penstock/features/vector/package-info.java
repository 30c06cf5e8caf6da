/**
 * Feature views, entity keys and feature vectors.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.features.vector;
