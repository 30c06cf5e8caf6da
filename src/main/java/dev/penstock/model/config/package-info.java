/**
 * {@code model.yaml}: its sections, their checks, and the shape buckets that decide which requests fit into one batch.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.model.config;
