/**
 * Outcomes for polls, long polls and event streams: found in Redis, which is filled from {@code penstock.results}, or in the log itself.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.ingress.outcomes;
