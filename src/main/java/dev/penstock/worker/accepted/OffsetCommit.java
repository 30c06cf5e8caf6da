package dev.penstock.worker.accepted;

import dev.penstock.messages.CommitNote;

/**
 * What may be committed for one partition.
 *
 * @param nextOffset the first offset that is not settled
 * @param work the work behind the offsets before it
 * @param handover for the next owner of the partition
 */
public record OffsetCommit(long nextOffset, CommitNote work, HandoverNote handover) {

    /** The metadata of the commit. */
    public String metadata() {
        return work.toMetadata() + ";" + handover.toMetadata();
    }
}
