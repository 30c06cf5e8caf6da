/**
 * The records that this worker has accepted: each from its poll until its reply is safe and its offset may be committed. Knows no
 * Kafka client, so that production and simulation share it. Begin with {@link dev.penstock.worker.accepted.AcceptedRecord}.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.worker.accepted;
