/**
 * Outcomes of asynchronous requests: recorded from {@code penstock.results} into Redis, found for polls, long polls and event streams.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.ingress.outcomes;
