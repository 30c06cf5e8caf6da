package dev.penstock.worker.offsets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.messages.CommitNote;
import dev.penstock.protocol.Lane;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class OffsetLedgerTest {
    private static final TopicPartition PARTITION = new TopicPartition("t", 0);

    private final OffsetLedger ledger = new OffsetLedger();

    @Test
    void commitsUpToTheFirstThatIsNotSettled() {
        OffsetLedger.Position first = ledger.open(PARTITION, Lane.INTERACTIVE, 10, 1);
        OffsetLedger.Position second = ledger.open(PARTITION, Lane.INTERACTIVE, 11, 1);
        ledger.open(PARTITION, Lane.INTERACTIVE, 12, 1);
        second.settle();
        assertThat(ledger.takeCommittable()).isEmpty();
        first.settle();
        assertThat(ledger.takeCommittable()).isEqualTo(Map.of(PARTITION, committed(12, 0, 0)));
    }

    @Test
    void tellsEachMoveOnce() {
        ledger.open(PARTITION, Lane.INTERACTIVE, 10, 1).settle();
        assertThat(ledger.takeCommittable()).isNotEmpty();
        assertThat(ledger.takeCommittable()).isEmpty();
    }

    @Test
    void skipsGapsInTheLog() {
        ledger.open(PARTITION, Lane.INTERACTIVE, 10, 1).settle();
        ledger.open(PARTITION, Lane.INTERACTIVE, 17, 1).settle();
        assertThat(ledger.takeCommittable()).isEqualTo(Map.of(PARTITION, committed(18, 0, 0)));
    }

    @Test
    void countsWhatIsOpen() {
        OffsetLedger.Position position = ledger.open(PARTITION, Lane.INTERACTIVE, 10, 100);
        assertThat(ledger.openRequests()).isEqualTo(1);
        assertThat(ledger.open(Lane.INTERACTIVE).bytes()).isEqualTo(100);
        position.settle();
        assertThat(ledger.openRequests()).isZero();
        assertThat(ledger.open(Lane.INTERACTIVE).bytes()).isZero();
    }

    @Test
    void commitsNothingOfPartitionsThatAreAnothersNow() {
        OffsetLedger.Position position = ledger.open(PARTITION, Lane.INTERACTIVE, 10, 1);
        ledger.forget(List.of(PARTITION));
        position.settle();
        assertThat(ledger.takeCommittable()).isEmpty();
    }

    @Test
    void settlesEachOnce() {
        OffsetLedger.Position position = ledger.open(PARTITION, Lane.INTERACTIVE, 10, 1);
        position.settle();
        assertThatThrownBy(position::settle).hasMessage("offset 10 is settled already");
    }

    @Test
    void notesWhatRanAndWhatWasGivenUp() {
        settled(10, OffsetLedger.Effort.RAN);
        settled(11, OffsetLedger.Effort.GIVEN_UP);
        settled(12, OffsetLedger.Effort.RAN);
        settled(13, OffsetLedger.Effort.NONE);
        OffsetLedger.Position open = ledger.open(PARTITION, Lane.INTERACTIVE, 14, 1);
        settled(15, OffsetLedger.Effort.RAN);
        assertThat(ledger.takeCommittable()).isEqualTo(Map.of(PARTITION, committed(14, 2, 1)));
        open.settle();
        assertThat(ledger.takeCommittable()).isEqualTo(Map.of(PARTITION, committed(16, 3, 1)));
        ledger.forget(List.of(PARTITION));
        settled(90, OffsetLedger.Effort.RAN);
        assertThat(ledger.takeCommittable()).isEqualTo(Map.of(PARTITION, committed(91, 1, 0)));
    }

    private void settled(long offset, OffsetLedger.Effort effort) {
        OffsetLedger.Position position = ledger.open(PARTITION, Lane.INTERACTIVE, offset, 1);
        position.took(effort);
        position.settle();
    }

    private static OffsetAndMetadata committed(long offset, long ran, long givenUp) {
        return new OffsetAndMetadata(offset, new CommitNote(ran, givenUp).toMetadata());
    }
}
