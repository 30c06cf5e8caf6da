package dev.penstock.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.penstock.protocol.Lane;
import java.util.List;
import org.junit.jupiter.api.Test;

class BatcherTest {
    private static final long FAR = 1_000_000;

    private final Batcher<String> batcher = new Batcher<>(BatchPolicy.of(4, Window.fixed(100)), new CostModel());

    @Test
    void isIdleWhenNothingWaits() {
        assertThat(batcher.next(0)).isInstanceOf(Step.Idle.class);
    }

    @Test
    void runsAtOnceWhenFull() {
        offer("a", 0);
        offer("b", 0);
        offer("c", 0);
        offer("d", 0);
        assertRuns(batcher.next(0), Trigger.FULL, "a", "b", "c", "d");
    }

    @Test
    void waitsForCompanyUntilTheOldestHasWaitedItsDelay() {
        offer("a", 10);
        offer("b", 50);
        assertThat(batcher.next(60)).isEqualTo(new Step.WaitUntil<>(110));
        assertRuns(batcher.next(110), Trigger.DELAY, "a", "b");
    }

    @Test
    void countsTheDelayFromTheOldestThoughItCameLast() {
        offer("younger", 50);
        offer("older", 10);
        assertThat(batcher.next(60)).isEqualTo(new Step.WaitUntil<>(110));
    }

    @Test
    void countsTheDelayOfWhatIsLeftFromItsOwnArrival() {
        offer("full by itself", 4, FAR - 1);
        offer("left", 50);
        assertRuns(batcher.next(60), Trigger.FULL, "full by itself");
        assertThat(batcher.next(60)).isEqualTo(new Step.WaitUntil<>(150));
    }

    @Test
    void countsTheDelayFromArrivalInTheLogNotFromTheOffer() {
        offer("late in the log", -500);
        assertRuns(batcher.next(0), Trigger.DELAY, "late in the log");
    }

    @Test
    void neverHoldsAnythingWithoutADelay() {
        Batcher<String> eager = new Batcher<>(BatchPolicy.of(4, Window.fixed(0)), new CostModel());
        eager.offer(new QueuedRequest<>("a", "k", Lane.INTERACTIVE, 1, 0, FAR));
        assertRuns(eager.next(0), Trigger.DELAY, "a");
    }

    @Test
    void runsBeforeTheDelayWhenADeadlineFallsWithinIt() {
        batcher.offer(new QueuedRequest<>("urgent", "k", Lane.INTERACTIVE, 1, 0, 150));
        assertThat(batcher.next(20)).isEqualTo(new Step.WaitUntil<>(50));
        assertRuns(batcher.next(50), Trigger.DEADLINE, "urgent");
    }

    @Test
    void runsBeforeTheDelayForADeadlineOfBulkWorkToo() {
        batcher.offer(new QueuedRequest<>("bulk", "k", Lane.BULK, 1, 0, 150));
        assertThat(batcher.next(20)).isEqualTo(new Step.WaitUntil<>(50));
    }

    @Test
    void handsBackWhatIsPastItsDeadlineBeforeAnythingRuns() {
        batcher.offer(new QueuedRequest<>("dead", "k", Lane.INTERACTIVE, 1, 0, 90));
        offer("alive", 0);
        assertThat(batcher.next(200))
                .asInstanceOf(type(Step.Expire.class))
                .satisfies(step -> assertThat(((Step.Expire<?>) step).parts()).hasSize(1));
        assertRuns(batcher.next(200), Trigger.DELAY, "alive");
        assertThat(batcher.next(200)).isInstanceOf(Step.Idle.class);
    }

    @Test
    void takesTheEarliestDeadlineFirstWhenNotAllFit() {
        offer("relaxed", 3, FAR);
        offer("urgent", 2, FAR - 1);
        assertRuns(batcher.next(0), Trigger.FULL, "urgent", "relaxed");
        assertRuns(batcher.next(100), Trigger.DELAY, "relaxed");
    }

    @Test
    void keepsTheOrderOfTheLogAmongEqualDeadlines() {
        for (String name : List.of("a", "b", "c", "d", "e")) {
            offer(name, 0);
        }
        assertRuns(batcher.next(0), Trigger.FULL, "a", "b", "c", "d");
    }

    @Test
    void countsRowsNotRequests() {
        batcher.offer(new QueuedRequest<>("three rows", "k", Lane.INTERACTIVE, 3, 0, FAR));
        batcher.offer(new QueuedRequest<>("one row", "k", Lane.INTERACTIVE, 1, 0, FAR));
        assertThat(batcher.waitingRows()).isEqualTo(4);
        assertRuns(batcher.next(0), Trigger.FULL, "three rows", "one row");
        assertThat(batcher.waitingRows()).isZero();
    }

    @Test
    void neverMixesKeys() {
        batcher.offer(new QueuedRequest<>("8 wide", "8", Lane.INTERACTIVE, 1, 0, FAR));
        batcher.offer(new QueuedRequest<>("9 wide", "9", Lane.INTERACTIVE, 1, 0, FAR - 1));
        assertRuns(batcher.next(100), Trigger.DELAY, "9 wide");
        assertRuns(batcher.next(100), Trigger.DELAY, "8 wide");
    }

    @Test
    void takesAKeyForAsUrgentAsItsMostUrgentRequest() {
        batcher.offer(new QueuedRequest<>("relaxed", "8", Lane.INTERACTIVE, 1, 0, FAR));
        batcher.offer(new QueuedRequest<>("medium", "9", Lane.INTERACTIVE, 1, 0, FAR - 1));
        batcher.offer(new QueuedRequest<>("urgent", "8", Lane.INTERACTIVE, 1, 0, FAR - 2));
        assertRuns(batcher.next(100), Trigger.DELAY, "urgent", "relaxed");
    }

    @Test
    void wakesForTheQueueThatIsDueFirst() {
        batcher.offer(new QueuedRequest<>("later", "8", Lane.INTERACTIVE, 1, 40, FAR));
        batcher.offer(new QueuedRequest<>("sooner", "9", Lane.INTERACTIVE, 1, 10, FAR));
        assertThat(batcher.next(50)).isEqualTo(new Step.WaitUntil<>(110));
        batcher.offer(new QueuedRequest<>("later, with the latest deadline", "7", Lane.INTERACTIVE, 1, 45, FAR + 1));
        assertThat(batcher.next(50)).isEqualTo(new Step.WaitUntil<>(110));
    }

    @Test
    void forgetsKeysThatNobodyWaitsFor() {
        for (int key = 0; key < 5000; key++) {
            batcher.offer(new QueuedRequest<>("full", key, Lane.INTERACTIVE, 4, 0, FAR));
            batcher.next(0);
        }
        assertThat(batcher.keys()).isEqualTo(1024);
    }

    @Test
    void holdsNothingBackWhileDraining() {
        offer("a", 0);
        batcher.drain();
        assertRuns(batcher.next(1), Trigger.DRAIN, "a");
    }

    @Test
    void gathersNoMoreWhileDrainingThoughTheAcceleratorIsBusy() {
        offer("a", 0);
        batcher.drain();
        assertRuns(batcher.next(500, new Room(1000, 1010, 30)), Trigger.DRAIN, "a");
    }

    @Test
    void survivesTheWrapOfTheNanoClock() {
        long now = Long.MAX_VALUE - 10;
        batcher.offer(new QueuedRequest<>("a", "k", Lane.INTERACTIVE, 1, now, now + 5_000));
        assertThat(batcher.next(now + 5)).isEqualTo(new Step.WaitUntil<>(now + 100));
        assertRuns(batcher.next(now + 100), Trigger.DELAY, "a");
    }

    @Test
    void ordersDeadlinesOnBothSidesOfThatWrap() {
        long now = Long.MAX_VALUE - 10;
        batcher.offer(new QueuedRequest<>("after", "k", Lane.INTERACTIVE, 2, now, now + 5_000));
        batcher.offer(new QueuedRequest<>("before", "k", Lane.INTERACTIVE, 2, now, now + 5));
        assertRuns(batcher.next(now), Trigger.FULL, "before", "after");
    }

    @Test
    void goesOnWithALargeRequestBeforeWhatCameAfterIt() {
        offer("large", 6, FAR);
        offer("after", 1, FAR);
        assertThat(parts(batcher.next(0))).containsExactly("large 0+4");
        assertThat(parts(batcher.next(100))).containsExactly("large 4+2", "after 0+1");
    }

    @Test
    void keepsToTheMostRowsThatTheShapeOfARequestAllows() {
        batcher.offer(new QueuedRequest<>("long rows", "k", 2, Lane.INTERACTIVE, 3, 0, FAR));
        assertThat(parts(batcher.next(0))).containsExactly("long rows 0+2");
    }

    @Test
    void splitsARequestThatIsLargerThanABatch() {
        offer("large", 9, FAR);
        assertThat(parts(batcher.next(0))).containsExactly("large 0+4");
        offer("more urgent", 1, FAR - 1);
        assertThat(parts(batcher.next(0))).containsExactly("more urgent 0+1", "large 4+3");
        assertThat(parts(batcher.next(100))).containsExactly("large 7+2");
        assertThat(batcher.next(100)).isInstanceOf(Step.Idle.class);
    }

    @Test
    void growsTheBatchWhileTheAcceleratorIsBusyAndClosesItInTimeForItsAssembly() {
        Room busy = new Room(1000, 1010, 30);
        offer("a", 0);
        assertThat(batcher.next(500, busy)).isEqualTo(new Step.WaitUntil<>(970));
        offer("b", 0);
        assertRuns(batcher.next(970, busy), Trigger.DELAY, "a", "b");
    }

    @Test
    void closesAFullBatchWhileTheAcceleratorIsBusy() {
        offer("a", 4, FAR);
        assertRuns(batcher.next(500, new Room(1000, 1010, 30)), Trigger.FULL, "a");
    }

    @Test
    void startsAtOnceWhenTheAcceleratorTakesLongerThanExpected() {
        offer("a", 400);
        assertRuns(batcher.next(1200, new Room(1000, 1010, 30)), Trigger.DELAY, "a");
    }

    @Test
    void givesUpWhatWouldBeLateByTheTimeItIsDone() {
        costs(batcher, 100);
        offer("hopeless", 1, 90);
        offer("possible", 1, 200);
        assertThat(parts(batcher.next(0))).containsExactly("hopeless 0+1");
        assertRuns(batcher.next(10), Trigger.DEADLINE, "possible");
    }

    @Test
    void judgesALargeRequestByAllItsBatches() {
        costs(batcher, 100);
        offer("three batches", 9, 300);
        assertThat(batcher.next(0)).isInstanceOf(Step.Expire.class);
        offer("two batches", 8, 300);
        assertThat(batcher.next(0)).isInstanceOf(Step.Run.class);
    }

    @Test
    void countsOnTheEndOfTheRunningBatchWhenItJudgesDeadlines() {
        costs(batcher, 100);
        offer("hopeless behind this batch", 1, 300);
        assertThat(batcher.next(0, new Room(150, 220, 30))).isInstanceOf(Step.Expire.class);
    }

    @Test
    void saysUntilWhenTheBatchMayStart() {
        costs(batcher, 100);
        batcher.drain();
        offer("a", 1, 1000);
        offer("b", 1, 500);
        long p95 = (long) batcher.costs().p95Nanos("k", 2);
        assertThat(batcher.next(0))
                .isInstanceOfSatisfying(
                        Step.Run.class,
                        run -> assertThat(run.latestStartNanos()).isEqualTo(500 - p95));
    }

    @Test
    void stopsGrowingABatchWhereItWouldMakeAMemberLate() {
        for (int i = 0; i < 100; i++) {
            batcher.costs().observe("k", 1, 100);
            batcher.costs().observe("k", 4, 400);
        }
        batcher.drain();
        offer("urgent", 1, 250);
        offer("b", 1, FAR);
        offer("c", 1, FAR);
        assertRuns(batcher.next(0), Trigger.DRAIN, "urgent", "b");
        assertRuns(batcher.next(0), Trigger.DRAIN, "c");
    }

    @Test
    void learnsAgainAfterHavingGivenEverythingUp() {
        costs(batcher, 1_000_000);
        batcher.drain();
        int givenUp = 0;
        do {
            offer("a", 1, 1000);
            givenUp++;
        } while (batcher.next(0) instanceof Step.Expire && givenUp < 1000);
        assertThat(givenUp).isBetween(2, 400);
    }

    @Test
    void bulkFillsWhatInteractiveLeaves() {
        offerBulk("bulk", 1);
        offer("a", 0);
        offer("b", 0);
        offer("c", 0);
        assertRuns(batcher.next(0), Trigger.FULL, "a", "b", "c", "bulk");
    }

    @Test
    void interactiveGoesFirstWhateverTheDeadlines() {
        batcher.offer(new QueuedRequest<>("bulk", "k", Lane.BULK, 1, 0, 500));
        offer("a", 4, FAR);
        assertRuns(batcher.next(0), Trigger.FULL, "a");
    }

    @Test
    void bulkGetsItsFloorUnderAFloodOfInteractiveRequests() {
        offerBulk("bulk", 100);
        int rows = 0;
        int bulk = 0;
        while (rows < 800) {
            offer("flood", 8, FAR);
            if (batcher.next(0) instanceof Step.Run<String> run) {
                rows += run.rows();
                bulk += run.batch().stream()
                        .filter(part -> part.of().lane() == Lane.BULK)
                        .mapToInt(Part::rows)
                        .sum();
            }
        }
        assertThat(bulk).isBetween(800 / 20 - 4, 800 / 20 + 4);
    }

    @Test
    void bulkOfAnotherKeyGetsItsFloorToo() {
        batcher.offer(new QueuedRequest<>("bulk", "other", Lane.BULK, 1000, 0, FAR));
        int bulk = 0;
        for (int batches = 0; batches < 200; batches++) {
            offer("flood", 4, FAR);
            if (batcher.next(0) instanceof Step.Run<String> run && run.key().equals("other")) {
                bulk += run.rows();
            }
        }
        assertThat(bulk).isBetween(800 / 20 - 8, 800 / 20 + 8);
    }

    @Test
    void savesNoFloorUpWhileNoBulkWaits() {
        BulkShare share = new BulkShare(0.5, 100);
        share.ran(50, 0, false);
        assertThat(share.owedRows()).isZero();
        share.ran(50, 0, true);
        assertThat(share.owedRows()).isEqualTo(25);
    }

    @Test
    void halvesTheCeilingOfAKeyThatRanOutOfMemoryAndOfNoOther() {
        batcher.ranOutOfMemory("k", 4);
        offer("a", 3, FAR);
        batcher.offer(new QueuedRequest<>("b", "other", Lane.INTERACTIVE, 4, 0, FAR + 1));
        assertThat(parts(batcher.next(0))).containsExactly("a 0+2");
        assertThat(batcher.next(0))
                .isInstanceOfSatisfying(
                        Step.Run.class, run -> assertThat(run.key()).isEqualTo("other"));
        batcher.ranOutOfMemory("k", 1);
        assertThat(parts(batcher.next(0))).containsExactly("a 2+1");
    }

    @Test
    void cutsToAPreferredSizeWhereThatIsNoDearer() {
        Batcher<String> preferring =
                new Batcher<>(new BatchPolicy(8, Window.fixed(0), List.of(4, 2), 0), new CostModel());
        preferring.offer(new QueuedRequest<>("a", "k", Lane.INTERACTIVE, 7, 0, FAR));
        assertThat(parts(preferring.next(0))).containsExactly("a 0+4");
        assertThat(parts(preferring.next(0))).containsExactly("a 4+2");
        preferring.costs().observe("k", 1, 100);
        preferring.costs().observe("k", 8, 110);
        preferring.offer(new QueuedRequest<>("b", "k", Lane.INTERACTIVE, 6, 0, FAR));
        assertThat(parts(preferring.next(0))).containsExactly("a 6+1", "b 0+6");
    }

    @Test
    void runsAPreferredSizeAsItIs() {
        Batcher<String> preferring =
                new Batcher<>(new BatchPolicy(8, Window.fixed(0), List.of(2, 4), 0), new CostModel());
        preferring.offer(new QueuedRequest<>("a", "k", Lane.INTERACTIVE, 4, 0, FAR));
        assertThat(parts(preferring.next(0))).containsExactly("a 0+4");
    }

    @Test
    void endsTheWaitAtAPreferredSize() {
        Batcher<String> preferring =
                new Batcher<>(new BatchPolicy(8, Window.fixed(100), List.of(2, 6), 0), new CostModel());
        preferring.offer(new QueuedRequest<>("a", "k", Lane.INTERACTIVE, 1, 0, FAR));
        assertThat(preferring.next(0)).isInstanceOf(Step.WaitUntil.class);
        preferring.offer(new QueuedRequest<>("b", "k", Lane.INTERACTIVE, 1, 0, FAR));
        assertRuns(preferring.next(0), Trigger.FULL, "a", "b");
    }

    @Test
    void namesTheSizeOfAFullBatch() {
        assertThat(batcher.targetRows("k")).isEqualTo(4);
        batcher.ranOutOfMemory("k", 4);
        assertThat(batcher.targetRows("k")).isEqualTo(2);
        Batcher<String> preferring =
                new Batcher<>(new BatchPolicy(8, Window.fixed(0), List.of(2, 6), 0), new CostModel());
        assertThat(preferring.targetRows("k")).isEqualTo(6);
    }

    @Test
    void makesBatchesNoLargerThanPays() {
        batcher.costs().observe("k", 1, 100);
        batcher.costs().observe("k", 2, 150);
        batcher.costs().observe("k", 4, 1000);
        offer("a", 4, FAR);
        assertThat(parts(batcher.next(0))).containsExactly("a 0+2");
    }

    @Test
    void servesAloneWhatHasTimeForASmallBatchOnly() {
        Batcher<String> idle = memoryBound();
        idle.offer(new QueuedRequest<>("too late for a full batch", "k", Lane.INTERACTIVE, 1, 0, 1_500_000));
        assertRuns(idle.next(0), Trigger.DELAY, "too late for a full batch");
    }

    @Test
    void underOverloadGivesUpTheFewWhoWouldMakeAllOthersLate() {
        Batcher<String> loaded = memoryBound();
        offerMany(loaded);
        loaded.offer(new QueuedRequest<>("too late for a full batch", "k", Lane.INTERACTIVE, 1, 0, 1_500_000));
        assertThat(parts(loaded.next(0))).containsExactly("too late for a full batch 0+1");
        assertThat(parts(loaded.next(0))).hasSize(8);
    }

    @Test
    void takesWhatHasPiledUpForDemandThoughNothingArrivesAnyMore() {
        Batcher<String> loaded = memoryBound();
        offerMany(loaded);
        // The window follows the arrival rate, and it is over long before the next arrival.
        loaded.offer(new QueuedRequest<>("first", "k", Lane.INTERACTIVE, 1, 0, 1_500_000));
        assertThat(parts(loaded.next(0))).containsExactly("first 0+1");
        long now = 10_000_000_000L;
        loaded.offer(new QueuedRequest<>("too late for a full batch", "k", Lane.INTERACTIVE, 1, now, now + 1_500_000));
        assertThat(parts(loaded.next(now))).containsExactly("too late for a full batch 0+1");
    }

    /** About 1 ms for one row and 1.4 ms for eight. The 95th percentiles are a fifth higher. */
    private static Batcher<String> memoryBound() {
        Batcher<String> batcher = new Batcher<>(BatchPolicy.of(8, Window.fixed(0)), new CostModel());
        for (int i = 0; i < 100; i++) {
            batcher.costs().observe("k", 1, 1_000_000);
            batcher.costs().observe("k", 8, 1_400_000);
        }
        return batcher;
    }

    private static void offerMany(Batcher<String> batcher) {
        for (int i = 0; i < 1000; i++) {
            batcher.offer(new QueuedRequest<>("many " + i, "k", Lane.INTERACTIVE, 1, 0, 100_000_000_000L));
        }
    }

    private static void costs(Batcher<String> batcher, long nanos) {
        for (int i = 0; i < 100; i++) {
            batcher.costs().observe("k", 1, nanos);
            batcher.costs().observe("k", 4, nanos);
        }
    }

    private void offerBulk(String name, int rows) {
        batcher.offer(new QueuedRequest<>(name, "k", Lane.BULK, rows, 0, FAR));
    }

    private void offer(String name, int rows, long deadline) {
        batcher.offer(new QueuedRequest<>(name, "k", Lane.INTERACTIVE, rows, 0, deadline));
    }

    private void offer(String name, long arrival) {
        batcher.offer(new QueuedRequest<>(name, "k", Lane.INTERACTIVE, 1, arrival, FAR));
    }

    private static void assertRuns(Step<String> step, Trigger trigger, String... names) {
        assertThat(step).isInstanceOf(Step.Run.class);
        Step.Run<String> run = (Step.Run<String>) step;
        assertThat(run.batch().stream().map(Part::request)).containsExactly(names);
        assertThat(run.trigger()).isEqualTo(trigger);
        assertThat(run.rows())
                .isEqualTo(run.batch().stream().mapToInt(Part::rows).sum());
    }

    /** The parts that ran or expired, as "name fromRow+rows". */
    private static List<String> parts(Step<String> step) {
        List<Part<String>> parts = switch (step) {
            case Step.Run<String> run -> run.batch();
            case Step.Expire<String> expire -> expire.parts();
            case Step.WaitUntil<String> wait -> List.of();
            case Step.Idle<String> idle -> List.of();
        };
        return parts.stream()
                .map(part -> part.request() + " " + part.fromRow() + "+" + part.rows())
                .toList();
    }
}
