package dev.penstock.worker.accepted;

import static dev.penstock.threads.Interleavings.require;

import dev.penstock.protocol.Lane;
import dev.penstock.threads.Interleavings;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The consumer's thread opens and commits; loops and producers settle. */
class OffsetLedgerInterleavingsIT {
    /** Of three commits, each digit one: the second record is committed once, at the end, and the first never after it. */
    private static final Set<Long> MOVES = Set.of(2L, 20L, 200L, 12L, 120L, 102L);

    private static final LogPartition PARTITION = new LogPartition("t", 0);

    @Test
    void noOffsetIsCommittedPastOneThatIsOpenAndNoneIsLost() {
        Interleavings.check(() -> {
            OffsetLedger ledger = AcceptedRecords.ledger();
            AcceptedRecord first = ledger.open(AcceptedRecords.source(PARTITION, 0, 1, "id"), Lane.INTERACTIVE, "1");
            AcceptedRecord second = ledger.open(AcceptedRecords.source(PARTITION, 1, 1, "id"), Lane.INTERACTIVE, "1");
            long[] committed = new long[3];
            Interleavings.run(() -> settle(first), () -> settle(second), () -> {
                committed[0] = next(ledger.movedCommits(0));
                committed[1] = next(ledger.movedCommits(0));
            });
            committed[2] = next(ledger.movedCommits(0));

            long moves = committed[0] * 100 + committed[1] * 10 + committed[2];
            require(MOVES.contains(moves), "committed " + moves);
            require(ledger.openRequests() == 0, "something is open");
        });
    }

    @Test
    void whatIsSettledByManyThreadsIsNotOpenAnyMore() {
        Interleavings.check(() -> {
            OpenWork work = new OpenWork(() -> 0);
            Interleavings.run(() -> addAndSettle(work, 2), () -> addAndSettle(work, 3));
            require(work.amount().equals(new OpenWork.Amount(0, 0, 0)), "something is open");
        });
    }

    private static void addAndSettle(OpenWork work, int rows) {
        work.add(1, rows, 10);
        work.add(-1, -rows, -10);
    }

    private static void settle(AcceptedRecord record) {
        record.effort(Effort.RAN);
        record.settle();
    }

    private static long next(Map<LogPartition, OffsetCommit> commits) {
        OffsetCommit commit = commits.get(PARTITION);
        return commit == null ? 0 : commit.nextOffset();
    }
}
