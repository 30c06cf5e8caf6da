package dev.penstock.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
        OffsetLedger.Position first = ledger.open(PARTITION, 10, 1);
        OffsetLedger.Position second = ledger.open(PARTITION, 11, 1);
        ledger.open(PARTITION, 12, 1);
        second.settle();
        assertThat(ledger.takeCommittable()).isEmpty();
        first.settle();
        assertThat(ledger.takeCommittable()).isEqualTo(Map.of(PARTITION, new OffsetAndMetadata(12)));
    }

    @Test
    void tellsEachMoveOnce() {
        ledger.open(PARTITION, 10, 1).settle();
        assertThat(ledger.takeCommittable()).isNotEmpty();
        assertThat(ledger.takeCommittable()).isEmpty();
    }

    @Test
    void skipsGapsInTheLog() {
        ledger.open(PARTITION, 10, 1).settle();
        ledger.open(PARTITION, 17, 1).settle();
        assertThat(ledger.takeCommittable()).isEqualTo(Map.of(PARTITION, new OffsetAndMetadata(18)));
    }

    @Test
    void countsWhatIsOpen() {
        OffsetLedger.Position position = ledger.open(PARTITION, 10, 100);
        assertThat(ledger.openRequests()).isEqualTo(1);
        assertThat(ledger.openBytes()).isEqualTo(100);
        position.settle();
        assertThat(ledger.openRequests()).isZero();
        assertThat(ledger.openBytes()).isZero();
    }

    @Test
    void commitsNothingOfPartitionsThatAreAnothersNow() {
        OffsetLedger.Position position = ledger.open(PARTITION, 10, 1);
        ledger.forget(List.of(PARTITION));
        position.settle();
        assertThat(ledger.takeCommittable()).isEmpty();
    }

    @Test
    void settlesEachOnce() {
        OffsetLedger.Position position = ledger.open(PARTITION, 10, 1);
        position.settle();
        assertThatThrownBy(position::settle).hasMessage("offset 10 is settled already");
    }
}
