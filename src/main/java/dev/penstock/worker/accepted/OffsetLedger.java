package dev.penstock.worker.accepted;

import static java.util.Objects.requireNonNull;

import dev.penstock.messages.CommitNote;
import dev.penstock.protocol.Lane;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;

/**
 * Keeps the accepted records of each partition in the order of the log, and finds how far the partition may be committed: up to the
 * first record that is not settled. Confined to the consumer's thread; only {@link AcceptedRecord#settle} is called from others.
 */
public final class OffsetLedger {
    private final Map<LogPartition, Deque<AcceptedRecord>> accepted = new HashMap<>();
    private final Map<LogPartition, CommitNote> notes = new HashMap<>();
    private final Map<Lane, OpenWork> openWork = new EnumMap<>(Lane.class);

    public OffsetLedger() {
        for (Lane lane : Lane.values()) {
            openWork.put(lane, new OpenWork());
        }
    }

    /** @param lane the lane of the record's topic */
    public AcceptedRecord open(SourceRecord source, Lane lane, String modelVersion) {
        AcceptedRecord record = new AcceptedRecord(source, modelVersion, requireNonNull(openWork.get(lane)));
        accepted.computeIfAbsent(source.partition(), none -> new ArrayDeque<>()).add(record);
        return record;
    }

    /** For each partition that has moved since the last call, the offset that may be committed. */
    public Map<LogPartition, OffsetCommit> takeCommits() {
        Map<LogPartition, OffsetCommit> commits = new HashMap<>();
        accepted.forEach((partition, records) -> {
            long next = -1;
            long ran = 0;
            long givenUp = 0;
            while (!records.isEmpty() && records.getFirst().isSettled()) {
                AcceptedRecord record = records.removeFirst();
                next = record.source().offset() + 1;
                ran += record.effort() == Effort.RAN ? 1 : 0;
                givenUp += record.effort() == Effort.GIVEN_UP ? 1 : 0;
            }
            if (next >= 0) {
                CommitNote note = notes.merge(partition, new CommitNote(ran, givenUp), CommitNote::plus);
                commits.put(partition, new OffsetCommit(next, note));
            }
        });
        return commits;
    }

    /**
     * Forgets partitions that belong to another worker now, which serves their unsettled records again. Both workers may reply;
     * receivers deduplicate by id. The records stay open work here until they are settled.
     */
    public void forget(Collection<LogPartition> partitions) {
        accepted.keySet().removeAll(partitions);
        notes.keySet().removeAll(partitions);
    }

    /** The open work of the records that came on the lane's topic. */
    public OpenWork.Amount open(Lane lane) {
        return requireNonNull(openWork.get(lane)).amount();
    }

    public int openRequests() {
        return open(Lane.INTERACTIVE).plus(open(Lane.BULK)).requests();
    }
}
