/** Tests of the feature cache. */
@org.jspecify.annotations.NullMarked
package dev.penstock.features;
