/**
 * Kept outcomes: copied from {@code penstock.results} to Redis, and found there for polls, long polls and event streams.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.ingress.outcomes;
