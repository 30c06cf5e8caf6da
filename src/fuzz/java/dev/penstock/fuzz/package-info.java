/**
 * Fuzzing of all that reads bytes from outside: targets, their properties, and the command line {@code ./penstock fuzz}. The corpus lies
 * in {@code src/test/resources/fuzz}.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.fuzz;
