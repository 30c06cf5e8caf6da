package dev.penstock.worker.accepted;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.messages.CommitNote;
import dev.penstock.protocol.Lane;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OffsetLedgerTest {
    private static final LogPartition PARTITION = new LogPartition("t", 0);

    private final OffsetLedger ledger = new OffsetLedger();

    @Test
    void commitsUpToTheFirstThatIsNotSettled() {
        AcceptedRecord first = open(10, 1);
        AcceptedRecord second = open(11, 1);
        open(12, 1);
        second.settle();
        assertThat(ledger.takeCommits()).isEmpty();
        first.settle();
        assertThat(ledger.takeCommits()).isEqualTo(Map.of(PARTITION, committed(12, 0, 0)));
    }

    @Test
    void reportsEachMoveOnce() {
        open(10, 1).settle();
        assertThat(ledger.takeCommits()).isNotEmpty();
        assertThat(ledger.takeCommits()).isEmpty();
    }

    @Test
    void skipsGapsInTheLog() {
        open(10, 1).settle();
        open(17, 1).settle();
        assertThat(ledger.takeCommits()).isEqualTo(Map.of(PARTITION, committed(18, 0, 0)));
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
        assertThat(ledger.takeCommits()).isEmpty();
    }

    @Test
    void notesWhatRanAndWhatWasGivenUp() {
        settled(10, Effort.RAN);
        settled(11, Effort.GIVEN_UP);
        settled(12, Effort.RAN);
        settled(13, Effort.NONE);
        AcceptedRecord open = open(14, 1);
        settled(15, Effort.RAN);
        assertThat(ledger.takeCommits()).isEqualTo(Map.of(PARTITION, committed(14, 2, 1)));
        open.settle();
        assertThat(ledger.takeCommits()).isEqualTo(Map.of(PARTITION, committed(16, 3, 1)));
        ledger.forget(List.of(PARTITION));
        settled(90, Effort.RAN);
        assertThat(ledger.takeCommits()).isEqualTo(Map.of(PARTITION, committed(91, 1, 0)));
    }

    private void settled(long offset, Effort effort) {
        AcceptedRecord record = open(offset, 1);
        record.effort(effort);
        record.settle();
    }

    private AcceptedRecord open(long offset, int bytes) {
        return ledger.open(AcceptedRecords.source(PARTITION, offset, bytes, "id"), Lane.INTERACTIVE, "1");
    }

    private static OffsetCommit committed(long offset, long ran, long givenUp) {
        return new OffsetCommit(offset, new CommitNote(ran, givenUp));
    }
}
