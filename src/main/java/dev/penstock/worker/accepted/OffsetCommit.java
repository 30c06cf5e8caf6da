package dev.penstock.worker.accepted;

import dev.penstock.messages.CommitNote;

/**
 * What may be committed for one partition.
 *
 * @param nextOffset the first offset that is not settled
 * @param note the work behind the offsets before it
 */
public record OffsetCommit(long nextOffset, CommitNote note) {}
