package dev.penstock.worker.accepted;

import dev.penstock.messages.CommitNote;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/** One partition from its takeover until it goes: its records in the order of the log, and what to commit. Confined to the consumer's thread. */
final class OwnedPartition {
    private final Takeover takeover;
    private final Deque<AcceptedRecord> records = new ArrayDeque<>();
    private long ran;
    private long givenUp;
    private Optional<OpenWork> openWork = Optional.empty();
    private long nanosAtWorkBefore;

    /** Where the consumer reads on. */
    private long position;

    /** Owners before may have taken the records before this offset. */
    private long takenBefore;

    private long lastSuspect = -1;

    /** The record that runs alone, or that ended two workers; until it is settled. */
    private OptionalLong trying;

    private Optional<AcceptedRecord> tried = Optional.empty();
    private Optional<Moved> committed = Optional.empty();

    /** What makes a commit worthwhile when it changes. */
    private record Moved(long nextOffset, long taken, OptionalLong trying) {}

    OwnedPartition(Takeover takeover) {
        this.takeover = takeover;
        this.position = takeover.from();
        this.takenBefore = takeover.possiblyAnsweredEnd();
        this.trying = takeover.guilty();
    }

    Takeover takeover() {
        return takeover;
    }

    void add(AcceptedRecord record) {
        if (openWork.isEmpty()) {
            openWork = Optional.of(record.openWork());
            nanosAtWorkBefore = record.openWork().nanosAtWork();
        }
        records.add(record);
        position = record.source().offset() + 1;
        if (isSuspect(record.source())) {
            lastSuspect = record.source().offset();
        }
        if (takeover.isGuilty(record.source().offset())) {
            tryAlone(record);
        }
    }

    boolean isSuspect(SourceRecord record) {
        return takeover.isSuspect(record.offset(), record.timestampMillis());
    }

    /** The consumer reads on from here: beyond all records that were returned, and beyond what holds no record. */
    void reached(long newPosition) {
        if (newPosition < position) {
            takenBefore = newPosition; // the topic was made again: nobody has taken anything of it
        }
        position = newPosition;
    }

    /** Notes in the next commits that this record runs alone, until it is settled. */
    void tryAlone(AcceptedRecord record) {
        trying = OptionalLong.of(record.source().offset());
        tried = Optional.of(record);
    }

    boolean isIdle() {
        settleFirst();
        return records.isEmpty();
    }

    boolean isSettled() {
        return records.stream().allMatch(AcceptedRecord::isSettled);
    }

    /** The first open record. */
    Optional<AcceptedRecord> oldest() {
        return records.stream().filter(record -> !record.isSettled()).findFirst();
    }

    /** Empty when nothing has moved since the last commit. */
    Optional<OffsetCommit> moved(long nowMillis) {
        settleFirst();
        return committed.equals(Optional.of(moved())) ? Optional.empty() : Optional.of(commit(nowMillis, false));
    }

    OffsetCommit commit(long nowMillis) {
        settleFirst();
        return commit(nowMillis, false);
    }

    /** The last commit, before this worker gives the partition up. A record that still runs alone has not ended this worker. */
    OffsetCommit lastCommit(long nowMillis) {
        settleFirst();
        if (!trying.equals(takeover.guilty())) {
            trying = OptionalLong.empty();
        }
        boolean hasSuspects = next() <= lastSuspect || takeover.isSuspect(position, Long.MIN_VALUE);
        return commit(nowMillis, !hasSuspects);
    }

    void lose() {
        records.forEach(AcceptedRecord::lose);
    }

    private void settleFirst() {
        while (!records.isEmpty() && records.getFirst().isDone()) {
            AcceptedRecord record = records.removeFirst();
            ran += record.effort() == Effort.RAN ? 1 : 0;
            givenUp += record.effort() == Effort.GIVEN_UP ? 1 : 0;
        }
        if (tried.filter(AcceptedRecord::isDone).isPresent()) {
            trying = OptionalLong.empty();
            tried = Optional.empty();
        }
    }

    private OffsetCommit commit(long nowMillis, boolean isLeft) {
        Moved now = moved();
        committed = Optional.of(now);
        return new OffsetCommit(now.nextOffset, work(), new HandoverNote(now.taken, nowMillis, isLeft, now.trying));
    }

    private CommitNote work() {
        long nanosAtWork =
                openWork.map(open -> open.nanosAtWork() - nanosAtWorkBefore).orElse(0L);
        return new CommitNote(ran, givenUp, OptionalLong.of(TimeUnit.NANOSECONDS.toMicros(nanosAtWork)));
    }

    private Moved moved() {
        long taken = Math.max(Math.max(next(), position), takenBefore);
        return new Moved(next(), taken, trying);
    }

    private long next() {
        return records.isEmpty() ? position : records.getFirst().source().offset();
    }
}
