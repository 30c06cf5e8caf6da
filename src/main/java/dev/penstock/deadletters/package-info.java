/** {@code ./penstock dead-letters}: reads a model's dead letters, and replays each of them at most once. */
@org.jspecify.annotations.NullMarked
package dev.penstock.deadletters;
