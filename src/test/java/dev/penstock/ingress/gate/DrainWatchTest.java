package dev.penstock.ingress.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.ingress.call.PartitionReader;
import dev.penstock.protocol.Lane;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Two workers: {@code a} reads partitions 0 and 1, {@code b} reads 2 and 3. Ingresses look four times per second. */
class DrainWatchTest {
    private static final Lane LANE = Lane.INTERACTIVE;
    private static final long LOOK = 250_000_000L;

    private final DrainWatch watch = new DrainWatch();
    private final long[] end = new long[4];
    private final long[] committed = new long[4];
    private final Map<Integer, PartitionReader> readers = new HashMap<>(Map.of(
            0, reader("a"),
            1, reader("a"),
            2, reader("b"),
            3, reader("b")));
    private long now;

    @Test
    void aWorkerThatCommitsNothingWhileAnotherDoesIsStuckWithAllItsPartitions() {
        looksWhileBothWork(4);
        looksWhileOnlyBWorks(3);
        assertThat(watch.avoided(LANE)).isEmpty();

        looksWhileOnlyBWorks(2);

        assertThat(watch.avoided(LANE)).containsExactly(0, 1);
        assertThat(watch.isStuck(LANE, 0)).isTrue();
        assertThat(watch.isStuck(LANE, 2)).isFalse();
    }

    @Test
    void aWorkerThatDidNotAdvanceBetweenTwoLooksPauses() {
        looksWhileBothWork(4);
        looksWhileOnlyBWorks(1);
        assertThat(watch.isPausing(LANE, 0)).isFalse();
        looksWhileOnlyBWorks(1);
        assertThat(watch.isPausing(LANE, 0)).isTrue();
        assertThat(watch.isPausing(LANE, 2)).isFalse();
        looksWhileBothWork(1);
        assertThat(watch.isPausing(LANE, 0)).isFalse();
    }

    @Test
    void itComesBackWhenItGoesOn() {
        looksWhileBothWork(4);
        looksWhileOnlyBWorks(6);
        committed[1] += 1;
        looksWhileOnlyBWorks(1);
        assertThat(watch.avoided(LANE)).isEmpty();
    }

    @Test
    void itsPartitionsComeBackWhenAnotherWorkerTakesThemOver() {
        looksWhileBothWork(4);
        looksWhileOnlyBWorks(6);
        readers.put(0, reader("b"));
        looksWhileOnlyBWorks(1);
        assertThat(watch.avoided(LANE)).containsExactly(1);
    }

    @Test
    void aWorkerIsNotBlamedForTheSilenceOfTheOneBefore() {
        looksWhileBothWork(4);
        looksWhileOnlyBWorks(6);
        readers.put(0, reader("c"));
        readers.put(1, reader("c"));
        looksWhileOnlyBWorks(1);
        assertThat(watch.avoided(LANE)).isEmpty();
        looksWhileOnlyBWorks(6);
        assertThat(watch.avoided(LANE)).containsExactly(0, 1);
    }

    @Test
    void tellsWhenPartitionsMoveAndWhenAWorkerLeaves() {
        looksWhileBothWork(1);
        assertThat(watch.haveReadersChanged()).isFalse();
        readers.put(0, reader("b"));
        look();
        assertThat(watch.haveReadersChanged()).isTrue();
        look();
        assertThat(watch.haveReadersChanged()).isFalse();
        readers.put(1, new PartitionReader("a", false, 0));
        look();
        assertThat(watch.haveReadersChanged()).isTrue();
    }

    @Test
    void remembersOnlySoManyCallsWhileItSeesNoCommits() {
        looksWhileBothWork(1);
        for (int offset = 0; offset < 2 * DrainWatch.MOST_CALLS; offset++) {
            watch.published(LANE, 0, offset);
        }
        assertThat(watch.rememberedCalls()).isEqualTo(DrainWatch.MOST_CALLS);
    }

    @Test
    void anIdleWorkerIsNotStuck() {
        looksWhileBothWork(4);
        for (int look = 0; look < 20; look++) {
            arrives(2, 5);
            commits(2);
            look();
        }
        assertThat(watch.avoided(LANE)).isEmpty();
    }

    /** Each runs for 10 s, and each ends while the other has run for 5 s. */
    @Test
    void workersWhoseRunsAreLongAreNotStuck() {
        for (int run = 0; run < 10; run++) {
            int worker = run % 2;
            arrives(2 * worker, 1);
            for (int look = 0; look < 20; look++) {
                look();
                assertThat(watch.avoided(LANE)).as("run %d, look %d", run, look).isEmpty();
            }
            commits(2 * (1 - worker));
        }
    }

    @Test
    void oneHiccupIsForgotten() {
        looksWhileBothWork(4);
        looksWhileOnlyBWorks(16);
        looksWhileBothWork(100);
        looksWhileOnlyBWorks(6);
        assertThat(watch.avoided(LANE)).containsExactly(0, 1);
    }

    /** A request that waits for its features delays the commits of its partition. */
    @Test
    void onePartitionThatWaitsDoesNotMakeItsWorkerStuck() {
        looksWhileBothWork(4);
        arrives(0, 1);
        for (int look = 0; look < 20; look++) {
            for (int partition = 1; partition < 4; partition++) {
                arrives(partition, 5);
                commits(partition);
            }
            look();
        }
        assertThat(watch.avoided(LANE)).isEmpty();
    }

    /** Members of a group that rebalances cannot commit, and go on answering. */
    @Test
    void answersShowThatAWorkerGoesOnWithoutCommits() {
        looksWhileBothWork(4);
        for (int look = 0; look < 12; look++) {
            arrives(0, 10);
            for (int call = 0; call < 10; call++) {
                watch.published(LANE, 0, end[0] - 1 - call);
                watch.answered(LANE, 0, end[0] - 1 - call, now);
            }
            arrives(2, 5);
            commits(2);
            look();
            assertThat(watch.avoided(LANE)).isEmpty();
        }
        assertThat(lag()).isZero();
    }

    @Test
    void whereCommitsPauseTheAnsweredPartOfOurCallsTellsTheAnsweredPartOfAll() {
        looksWhileBothWork(4);
        look();
        arrives(0, 400);
        for (int call = 0; call < 100; call++) {
            watch.published(LANE, 0, end[0] - 1 - call);
        }
        for (int call = 0; call < 75; call++) {
            watch.answered(LANE, 0, end[0] - 1 - call, now);
        }
        look();
        look();
        assertThat(lag()).isEqualTo(100);
    }

    @Test
    void aFewCallsAreNoSampleOfManyRecords() {
        looksWhileBothWork(4);
        arrives(0, 400);
        watch.published(LANE, 0, end[0] - 1);
        watch.answered(LANE, 0, end[0] - 1, now);
        look();
        look();
        look();
        assertThat(lag()).isEqualTo(399);
    }

    /** A worker that loses its group for a moment cannot commit what it has answered, until another record of the partition comes. */
    @Test
    void aCommitThatIsLostLeavesNoBacklogBehind() {
        looksWhileBothWork(4);
        for (int call = 0; call < 8; call++) {
            arrives(0, 1);
            watch.published(LANE, 0, end[0] - 1);
        }
        committed[0] += 3;
        look();
        for (int call = 0; call < 8; call++) {
            watch.answered(LANE, 0, end[0] - 1 - call, now);
        }
        look();
        look();
        look();
        assertThat(lag()).isZero();
    }

    @Test
    void aSilentWorkerIsStuckEvenIfNoOtherAdvances() {
        looksWhileBothWork(4);
        readers.put(0, new PartitionReader("a", false, 0));
        readers.put(1, new PartitionReader("a", false, 0));
        look();
        assertThat(watch.avoided(LANE)).as("no new work").containsExactly(0, 1);
        assertThat(watch.isStuck(LANE, 0)).as("it has no work").isFalse();

        arrives(0, 1);
        arrives(2, 1);
        for (int look = 0; look < 5; look++) {
            look();
        }
        assertThat(watch.isStuck(LANE, 0)).isTrue();
        assertThat(watch.isStuck(LANE, 2)).isFalse();
    }

    @Test
    void whereNobodyTellsWhoReadsAPartitionItIsJudgedAlone() {
        readers.clear();
        looksWhileBothWork(4);
        arrives(1, 1);
        for (int look = 0; look < 6; look++) {
            for (int partition : new int[] {0, 2, 3}) {
                arrives(partition, 5);
                commits(partition);
            }
            look();
        }
        assertThat(watch.avoided(LANE)).containsExactly(1);
    }

    @Test
    void theGateDoesNotCountWhatWaitsForAStuckWorker() {
        looksWhileBothWork(4);
        looksWhileOnlyBWorks(6);
        assertThat(lag()).isZero();

        commits(0);
        look();
        assertThat(lag()).as("partition 1 is read again").isEqualTo(30);
    }

    @Test
    void ifAllAreStuckTheGateCountsAll() {
        looksWhileBothWork(4);
        readers.replaceAll((partition, reader) -> new PartitionReader(reader.worker(), false, 0));
        arrives(0, 7);
        arrives(2, 8);
        for (int look = 0; look < 6; look++) {
            look();
        }
        assertThat(lag()).isEqualTo(15);
    }

    @Test
    void knowsThePartitionsOfOtherWorkers() {
        look();
        assertThat(watch.ofOtherWorkers(LANE, 0)).isEqualTo(Set.of(2, 3));
        readers.clear();
        look();
        assertThat(watch.ofOtherWorkers(LANE, 0)).isEqualTo(Set.of(1, 2, 3));
    }

    private void looksWhileBothWork(int looks) {
        for (int look = 0; look < looks; look++) {
            for (int partition = 0; partition < 4; partition++) {
                commits(partition);
                arrives(partition, 5);
            }
            look();
        }
        for (int partition = 0; partition < 4; partition++) {
            commits(partition);
        }
        look();
    }

    private void looksWhileOnlyBWorks(int looks) {
        for (int look = 0; look < looks; look++) {
            for (int partition = 0; partition < 4; partition++) {
                arrives(partition, 5);
            }
            commits(2);
            commits(3);
            look();
        }
    }

    private void arrives(int partition, int records) {
        end[partition] += records;
    }

    private void commits(int partition) {
        committed[partition] = end[partition];
    }

    private void look() {
        now += LOOK;
        List<PartitionLag> lags = new ArrayList<>();
        for (int partition = 0; partition < 4; partition++) {
            lags.add(new PartitionLag(partition, end[partition], committed[partition]));
        }
        watch.observed(now, Map.of(LANE, lags), Map.of(LANE, Map.copyOf(readers)));
    }

    private long lag() {
        return watch.lag(LANE, LaneWork.NONE, 1).records();
    }

    private static PartitionReader reader(String worker) {
        return new PartitionReader(worker, true, 0);
    }
}
