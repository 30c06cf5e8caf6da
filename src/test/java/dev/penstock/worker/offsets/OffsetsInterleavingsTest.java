package dev.penstock.worker.offsets;

import static dev.penstock.threads.Interleavings.require;

import dev.penstock.protocol.Lane;
import dev.penstock.threads.Interleavings;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** The consumer's thread opens and commits; loops and producers settle. */
class OffsetsInterleavingsTest {
    /** Of three commits, each digit one: the second record is committed once, at the end, and the first never after it. */
    private static final Set<Long> MOVES = Set.of(2L, 20L, 200L, 12L, 120L, 102L);

    private static final TopicPartition PARTITION = new TopicPartition("t", 0);

    @Test
    void noOffsetIsCommittedPastOneThatIsOpenAndNoneIsLost() {
        Interleavings.check(() -> {
            OffsetLedger ledger = new OffsetLedger();
            OffsetLedger.Position first = ledger.open(PARTITION, Lane.INTERACTIVE, 0, 1);
            OffsetLedger.Position second = ledger.open(PARTITION, Lane.INTERACTIVE, 1, 1);
            long[] committed = new long[3];
            Interleavings.run(() -> settle(first), () -> settle(second), () -> {
                committed[0] = next(ledger.takeCommittable());
                committed[1] = next(ledger.takeCommittable());
            });
            committed[2] = next(ledger.takeCommittable());

            long moves = committed[0] * 100 + committed[1] * 10 + committed[2];
            require(MOVES.contains(moves), "committed " + moves);
            require(ledger.openRequests() == 0, "something is open");
        });
    }

    @Test
    void whatIsSettledByManyThreadsIsNotOpenAnyMore() {
        Interleavings.check(() -> {
            OpenWork work = new OpenWork();
            Interleavings.run(() -> addAndSettle(work, 2), () -> addAndSettle(work, 3));
            require(work.amount().equals(new OpenWork.Amount(0, 0, 0)), "something is open");
        });
    }

    private static void addAndSettle(OpenWork work, int rows) {
        work.add(1, rows, 10);
        work.add(-1, -rows, -10);
    }

    private static void settle(OffsetLedger.Position position) {
        position.took(OffsetLedger.Effort.RAN);
        position.settle();
    }

    private static long next(Map<TopicPartition, OffsetAndMetadata> committable) {
        OffsetAndMetadata offset = committable.get(PARTITION);
        return offset == null ? 0 : offset.offset();
    }
}
