/**
 * {@code model.yaml}: its sections and their checks, and the shape buckets that decide which requests may share a batch.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.model.config;
