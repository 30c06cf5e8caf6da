/**
 * Takes requests off the log: consumes and decodes records. The sub-package {@code rules} decides what to accept, when to pause and
 * what to commit.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.worker.intake;
