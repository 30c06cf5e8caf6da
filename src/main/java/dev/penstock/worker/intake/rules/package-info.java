/**
 * The rules by which a worker takes records off the log: what to accept, when to hold back, what to commit, what a rebalance means,
 * and when it has drained. Has no Kafka client, no thread and no clock, so that the simulation runs the same code as production.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.worker.intake.rules;
