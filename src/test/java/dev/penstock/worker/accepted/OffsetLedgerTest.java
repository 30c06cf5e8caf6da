package dev.penstock.worker.accepted;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.messages.CommitNote;
import dev.penstock.protocol.Lane;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OffsetLedgerTest {
    private static final LogPartition PARTITION = new LogPartition("t", 0);
    private static final long NOW = 1000;

    private final OffsetLedger ledger = AcceptedRecords.ledger();

    @BeforeEach
    void takeOver() {
        takeOver(new Takeover(10, 10, Optional.empty()));
    }

    @Test
    void commitsUpToTheFirstThatIsNotSettled() {
        AcceptedRecord first = open(10, 1);
        AcceptedRecord second = open(11, 1);
        open(12, 1);
        second.settle();
        assertThat(moved()).hasValue(committed(10, 13, 0, 0));
        first.settle();
        assertThat(moved()).hasValue(committed(12, 13, 0, 0));
    }

    @Test
    void reportsEachMoveOnce() {
        open(10, 1).settle();
        assertThat(moved()).isPresent();
        assertThat(moved()).isEmpty();
        assertThat(ledger.allCommits(NOW)).isEqualTo(Map.of(PARTITION, committed(11, 11, 0, 0)));
    }

    @Test
    void commitsThePositionWhereNothingIsOpenSoThatMarkersLeaveNoLag() {
        ledger.reach(partition -> OptionalLong.of(17));
        assertThat(moved()).hasValue(committed(17, 17, 0, 0));
        ledger.reach(partition -> OptionalLong.of(17));
        assertThat(moved()).isEmpty();
    }

    @Test
    void commitsNoPositionBeyondARecordThatIsOpen() {
        AcceptedRecord open = open(10, 1);
        ledger.reach(partition -> OptionalLong.of(12));
        assertThat(moved()).hasValue(committed(10, 11, 0, 0));
        open.settle();
        ledger.reach(partition -> OptionalLong.of(12));
        assertThat(moved()).hasValue(committed(12, 12, 0, 0));
    }

    @Test
    void goesBackWithATopicThatWasMadeAgain() {
        open(10, 1).settle();
        assertThat(moved()).hasValue(committed(11, 11, 0, 0));
        ledger.reach(partition -> OptionalLong.of(0));
        assertThat(moved()).hasValue(committed(0, 0, 0, 0));
    }

    /** Otherwise the next one would answer other systems again. */
    @Test
    void tellsTheNextOwnerWhatThoseBeforeMayHaveAnswered() {
        ledger.forget(List.of(PARTITION));
        takeOver(new Takeover(10, 40, Optional.of(new HandoverNote(30, NOW, true, OptionalLong.empty()))));
        open(10, 1).settle();
        assertThat(last()).isEqualTo(commit(11, 30, true, OptionalLong.empty()));
        ledger.forget(List.of(PARTITION));
        takeOver(new Takeover(10, 40, Optional.empty()));
        open(10, 1).settle();
        assertThat(last()).isEqualTo(commit(11, 40, true, OptionalLong.empty()));
    }

    @Test
    void countsWhatIsOpen() {
        AcceptedRecord record = open(10, 100);
        assertThat(ledger.openRequests()).isEqualTo(1);
        assertThat(ledger.open(Lane.INTERACTIVE).bytes()).isEqualTo(100);
        record.settle();
        assertThat(ledger.openRequests()).isZero();
        assertThat(ledger.open(Lane.INTERACTIVE).bytes()).isZero();
    }

    @Test
    void commitsNothingOfPartitionsThatAreAnothersNow() {
        AcceptedRecord record = open(10, 1);
        ledger.forget(List.of(PARTITION));
        record.settle();
        assertThat(ledger.allCommits(NOW)).isEmpty();
    }

    @Test
    void commitsNothingBeyondARecordThatIsLeftToTheNextOwner() {
        open(10, 1).giveBack();
        open(11, 1).settle();
        assertThat(ledger.openRequests()).isZero();
        assertThat(last()).isEqualTo(commit(10, 12, true, OptionalLong.empty()));
    }

    @Test
    void notesWhatRanAndWhatWasGivenUp() {
        settled(10, Effort.RAN);
        settled(11, Effort.GIVEN_UP);
        settled(12, Effort.RAN);
        settled(13, Effort.NONE);
        AcceptedRecord open = open(14, 1);
        settled(15, Effort.RAN);
        assertThat(moved()).hasValue(committed(14, 16, 2, 1));
        open.settle();
        assertThat(moved()).hasValue(committed(16, 16, 3, 1));
        ledger.forget(List.of(PARTITION));
        takeOver(new Takeover(90, 90, Optional.empty()));
        settled(90, Effort.RAN);
        assertThat(moved()).hasValue(committed(91, 91, 1, 0));
    }

    /** Of all partitions of the lane: each of them tells how fast the worker is. */
    @Test
    void notesForHowLongThereWasWorkSinceThePartitionCame() {
        long[] now = {0};
        OffsetLedger timed = new OffsetLedger(new Lease(Duration.ofDays(1), 0), () -> now[0]);
        LogPartition other = new LogPartition("t", 1);
        AcceptedRecord first = timed.open(AcceptedRecords.source(other, 0, 1, "id"), Lane.INTERACTIVE, "1");
        now[0] = 5_000_000;
        AcceptedRecord second = timed.open(AcceptedRecords.source(PARTITION, 0, 1, "id"), Lane.INTERACTIVE, "1");
        timed.open(AcceptedRecords.source(PARTITION, 1, 1, "id"), Lane.BULK, "1");
        now[0] = 7_000_000;
        first.settle();
        second.settle();
        now[0] = 9_000_000;

        Map<LogPartition, OffsetCommit> commits = timed.allCommits(NOW);

        assertThat(requireNonNull(commits.get(other)).work().atWorkMicros()).hasValue(7000);
        assertThat(requireNonNull(commits.get(PARTITION)).work().atWorkMicros()).hasValue(2000);
    }

    @Test
    void notesWhichRecordRunsAloneUntilItIsSettled() {
        open(10, 1);
        AcceptedRecord suspect = open(11, 1);
        ledger.tryAlone(suspect);
        assertThat(moved()).hasValue(commit(10, 12, false, OptionalLong.of(11)));
        suspect.settle();
        assertThat(moved()).hasValue(commit(10, 12, false, OptionalLong.empty()));
    }

    @Test
    void doesNotBlameARecordThatStillRunsWhenThePartitionGoes() {
        AcceptedRecord suspect = open(10, 1);
        ledger.tryAlone(suspect);
        assertThat(last().handover().trying()).isEmpty();
    }

    @Test
    void handsOnWhichRecordHasEndedTwoWorkers() {
        takeOver(new Takeover(10, 30, Optional.of(new HandoverNote(20, NOW, false, OptionalLong.of(12)))));
        assertThat(last().handover().trying()).hasValue(12);
        open(10, 1).settle();
        open(11, 1).settle();
        AcceptedRecord guilty = open(12, 1);
        assertThat(ledger.isGuilty(guilty.source())).isTrue();
        assertThat(moved().orElseThrow().handover().trying()).hasValue(12);
        guilty.settle();
        assertThat(moved().orElseThrow().handover().trying()).isEmpty();
    }

    @Test
    void hasNotLeftInOrderWhileSuspectsHaveNotRun() {
        takeOver(new Takeover(10, 12, Optional.of(new HandoverNote(12, NOW, false, OptionalLong.empty()))));
        open(10, 1).settle();
        assertThat(last().handover().isLeft()).isFalse();
        AcceptedRecord second = open(11, 1);
        assertThat(last().handover().isLeft()).isFalse();
        second.settle();
        assertThat(last()).isEqualTo(commit(12, 12, true, OptionalLong.empty()));
    }

    @Test
    void knowsTheOldestOpenRecordOfSomePartitions() {
        assertThat(ledger.oldest(PARTITION::equals)).isEmpty();
        AcceptedRecord first = open(10, 1);
        AcceptedRecord second = open(11, 1);
        second.settle();
        AcceptedRecord third = open(12, 1);
        assertThat(ledger.oldest(PARTITION::equals)).hasValue(first);
        assertThat(ledger.oldest(other -> false)).isEmpty();
        first.settle();
        assertThat(ledger.oldest(PARTITION::equals)).hasValue(third);
    }

    private void takeOver(Takeover takeover) {
        ledger.takeOver(PARTITION, takeover);
    }

    private Optional<OffsetCommit> moved() {
        return Optional.ofNullable(ledger.movedCommits(NOW).get(PARTITION));
    }

    private OffsetCommit last() {
        return Optional.ofNullable(ledger.lastCommits(List.of(PARTITION), NOW).get(PARTITION))
                .orElseThrow();
    }

    private void settled(long offset, Effort effort) {
        AcceptedRecord record = open(offset, 1);
        record.effort(effort);
        record.settle();
    }

    private AcceptedRecord open(long offset, int bytes) {
        return ledger.open(AcceptedRecords.source(PARTITION, offset, bytes, "id"), Lane.INTERACTIVE, "1");
    }

    private static OffsetCommit committed(long offset, long taken, long ran, long givenUp) {
        return new OffsetCommit(
                offset,
                new CommitNote(ran, givenUp, OptionalLong.of(0)),
                new HandoverNote(taken, NOW, false, OptionalLong.empty()));
    }

    private static OffsetCommit commit(long offset, long taken, boolean isLeft, OptionalLong trying) {
        return new OffsetCommit(offset, CommitNote.NONE, new HandoverNote(taken, NOW, isLeft, trying));
    }
}
