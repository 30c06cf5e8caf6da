/**
 * Benchmarks: a load generator for each interface (synchronous REST, asynchronous REST, Kafka), requests with known results, and the
 * command {@code ./penstock bench}. Integration tests use the same load generators.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.bench;
