/**
 * Feature views, entity keys, and the vectors of values that a source returns for them.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.features.vector;
