package dev.penstock.worker.accepted;

import static java.util.Objects.requireNonNull;

import dev.penstock.protocol.Lane;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * Keeps the accepted records of each partition in the order of the log, and finds how far the partition may be committed: up to the
 * first record that is not settled. Where nothing is open that is the consumer's position, so that markers of transactions, compaction
 * and retention leave no lag. Confined to the consumer's thread; {@link AcceptedRecord#settle} is called from others.
 */
public final class OffsetLedger {
    private final Lease lease;
    private final Map<LogPartition, OwnedPartition> owned = new HashMap<>();
    private final Map<Lane, OpenWork> openWork = new EnumMap<>(Lane.class);

    /** @param lease of all partitions that are owned here */
    public OffsetLedger(Lease lease, LongSupplier nanoClock) {
        this.lease = lease;
        for (Lane lane : Lane.values()) {
            openWork.put(lane, new OpenWork(nanoClock));
        }
    }

    public void takeOver(LogPartition partition, Takeover takeover) {
        owned.put(partition, new OwnedPartition(takeover));
    }

    public boolean owns(LogPartition partition) {
        return owned.containsKey(partition);
    }

    /** @param lane the lane of the record's topic */
    public AcceptedRecord open(SourceRecord source, Lane lane, String modelVersion) {
        AcceptedRecord record = new AcceptedRecord(source, modelVersion, requireNonNull(openWork.get(lane)), lease);
        owned(source.partition()).add(record);
        return record;
    }

    /** What was known of a record's partition when it was taken over. */
    public Takeover takeover(SourceRecord source) {
        return owned(source.partition()).takeover();
    }

    /** Whether the record may be the reason why the owner before ended, see {@link Takeover#isSuspect}. */
    public boolean isSuspect(SourceRecord source) {
        return owned(source.partition()).isSuspect(source);
    }

    /** Whether the record has ended two workers, see {@link Takeover#isGuilty}. */
    public boolean isGuilty(SourceRecord source) {
        return takeover(source).isGuilty(source.offset());
    }

    /** Moves the partitions in which nothing is open. {@code positions} returns the offset that the consumer reads next. */
    public void reach(Function<LogPartition, OptionalLong> positions) {
        owned.forEach((partition, state) -> {
            if (state.isIdle()) {
                positions.apply(partition).ifPresent(state::reached);
            }
        });
    }

    /** For each partition that has moved since its last commit, the offset that may be committed. */
    public Map<LogPartition, OffsetCommit> movedCommits(long nowMillis) {
        Map<LogPartition, OffsetCommit> commits = new HashMap<>();
        owned.forEach((partition, state) -> state.moved(nowMillis).ifPresent(commit -> commits.put(partition, commit)));
        return commits;
    }

    /** The same for all partitions, moved or not. */
    public Map<LogPartition, OffsetCommit> allCommits(long nowMillis) {
        Map<LogPartition, OffsetCommit> commits = new HashMap<>();
        owned.forEach((partition, state) -> commits.put(partition, state.commit(nowMillis)));
        return commits;
    }

    /** What to commit before this worker gives these partitions up. */
    public Map<LogPartition, OffsetCommit> lastCommits(Collection<LogPartition> partitions, long nowMillis) {
        Map<LogPartition, OffsetCommit> commits = new HashMap<>();
        for (LogPartition partition : partitions) {
            if (owns(partition)) {
                commits.put(partition, owned(partition).lastCommit(nowMillis));
            }
        }
        return commits;
    }

    /** Notes in the commits that this record runs alone, until it is settled. */
    public void tryAlone(AcceptedRecord record) {
        owned(record.source().partition()).tryAlone(record);
    }

    /** Whether no record of these partitions is open. */
    public boolean isSettled(Collection<LogPartition> partitions) {
        return partitions.stream()
                .allMatch(partition -> !owns(partition) || owned(partition).isSettled());
    }

    /**
     * Forgets partitions that belong to another worker now, which serves their unsettled records again. Both workers may reply on our own
     * topics, whose readers keep the first; nothing more goes from here to other systems' topics. The records stay open work here until
     * they are settled.
     */
    public void forget(Collection<LogPartition> partitions) {
        for (LogPartition partition : partitions) {
            OwnedPartition gone = owned.remove(partition);
            if (gone != null) {
                gone.lose();
            }
        }
    }

    private OwnedPartition owned(LogPartition partition) {
        return owned.computeIfAbsent(partition, first -> new OwnedPartition(Takeover.FIRST));
    }

    /** The oldest open record in these partitions, by the broker's clock. */
    public Optional<AcceptedRecord> oldest(Predicate<LogPartition> partitions) {
        return owned.entrySet().stream()
                .filter(each -> partitions.test(each.getKey()))
                .flatMap(each -> each.getValue().oldest().stream())
                .min(Comparator.comparingLong(record -> record.source().timestampMillis()));
    }

    /** The open work of the records that came on the lane's topic. */
    public OpenWork.Amount open(Lane lane) {
        return requireNonNull(openWork.get(lane)).amount();
    }

    public int openRequests() {
        return open(Lane.INTERACTIVE).plus(open(Lane.BULK)).requests();
    }
}
