/**
 * Takes requests off the log: polls, decodes, holds back when too much is open, commits.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.worker.intake;
