package dev.penstock.worker.accepted;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.protocol.Lane;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class AcceptedRecordTest {
    private final OffsetLedger ledger = AcceptedRecords.ledger();
    private final AcceptedRecord record =
            ledger.open(AcceptedRecords.source(new LogPartition("t", 3), 10, 100, "id"), Lane.BULK, "2");

    @Test
    void isOpenWorkUntilItIsSettled() {
        record.countRows(7);
        assertThat(ledger.open(Lane.BULK)).isEqualTo(new OpenWork.Amount(1, 7, 100));
        assertThat(ledger.open(Lane.INTERACTIVE)).isEqualTo(new OpenWork.Amount(0, 0, 0));
        record.settle();
        assertThat(ledger.open(Lane.BULK)).isEqualTo(new OpenWork.Amount(0, 0, 0));
    }

    @Test
    void isSettledOnce() {
        record.settle();
        assertThatThrownBy(record::settle)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("a record must be settled once, and t-3@10 is settled already");
        assertThat(ledger.openRequests()).isZero();
    }

    @Test
    void isSettledOnceThoughTwoThreadsTry() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            for (int offset = 0; offset < 1000; offset++) {
                AcceptedRecord each = ledger.open(
                        AcceptedRecords.source(new LogPartition("t", 0), offset, 1, "id"), Lane.INTERACTIVE, "1");
                CyclicBarrier start = new CyclicBarrier(2);
                Future<Boolean> one = threads.submit(() -> isSettledBy(each, start));
                Future<Boolean> other = threads.submit(() -> isSettledBy(each, start));
                assertThat(one.get()).isNotEqualTo(other.get());
            }
        }
        assertThat(ledger.open(Lane.INTERACTIVE)).isEqualTo(new OpenWork.Amount(0, 0, 0));
    }

    private static boolean isSettledBy(AcceptedRecord each, CyclicBarrier start) throws Exception {
        start.await();
        try {
            each.settle();
            return true;
        } catch (IllegalStateException settledByTheOther) {
            return false;
        }
    }

    @Test
    void remembersWhereToReply() {
        assertThat(record.replyTo()).isEmpty();
        record.replyTo(new ReplyAddress("replies", Optional.of(2)));
        assertThat(record.replyTo()).hasValue(new ReplyAddress("replies", Optional.of(2)));
    }

    @Test
    void isAnsweredOnAnotherSystemsTopicOnlyWhileItsPartitionIsOwned() {
        List<String> done = new ArrayList<>();
        record.whileOwned(System.nanoTime(), () -> done.add("answered"), () -> done.add("left"));
        ledger.forget(List.of(new LogPartition("t", 3)));
        record.whileOwned(System.nanoTime(), () -> done.add("answered"), () -> done.add("left"));
        assertThat(done).containsExactly("answered", "left");
    }

    @Test
    void countsItsRuns() {
        assertThat(record.runs()).isZero();
        record.countRun();
        record.countRun();
        assertThat(record.runs()).isEqualTo(2);
    }
}
