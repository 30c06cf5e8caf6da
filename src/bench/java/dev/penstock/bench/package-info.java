/**
 * Load and measurement: one generator for each door (synchronous REST, submit-and-poll, Kafka), a corpus of requests with known
 * answers, and the command line {@code ./penstock bench}. Integration tests drive the doors with the same pieces.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.bench;
