package dev.penstock.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import java.util.List;
import org.junit.jupiter.api.Test;

class BatcherTest {
    private static final long FAR = 1_000_000;

    private final Batcher<String> batcher = new Batcher<>(new BatchPolicy(4, 100));

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
    void countsTheDelayFromArrivalInTheLogNotFromTheOffer() {
        offer("late in the log", -500);
        assertRuns(batcher.next(0), Trigger.DELAY, "late in the log");
    }

    @Test
    void neverHoldsAnythingWithoutADelay() {
        Batcher<String> eager = new Batcher<>(new BatchPolicy(4, 0));
        eager.offer(new Waiting<>("a", "k", 1, 0, FAR));
        assertRuns(eager.next(0), Trigger.DELAY, "a");
    }

    @Test
    void runsBeforeTheDelayWhenADeadlineFallsWithinIt() {
        batcher.offer(new Waiting<>("urgent", "k", 1, 0, 150));
        assertThat(batcher.next(20)).isEqualTo(new Step.WaitUntil<>(50));
        assertRuns(batcher.next(50), Trigger.DEADLINE, "urgent");
    }

    @Test
    void handsBackWhatIsPastItsDeadlineBeforeAnythingRuns() {
        batcher.offer(new Waiting<>("dead", "k", 1, 0, 90));
        offer("alive", 0);
        assertThat(batcher.next(200))
                .asInstanceOf(type(Step.Expire.class))
                .satisfies(
                        step -> assertThat(((Step.Expire<?>) step).requests()).hasSize(1));
        assertRuns(batcher.next(200), Trigger.DELAY, "alive");
        assertThat(batcher.next(200)).isInstanceOf(Step.Idle.class);
    }

    @Test
    void takesTheEarliestDeadlineFirstWhenNotAllFit() {
        batcher.offer(new Waiting<>("relaxed", "k", 3, 0, FAR));
        batcher.offer(new Waiting<>("urgent", "k", 2, 0, FAR - 1));
        assertRuns(batcher.next(0), Trigger.FULL, "urgent");
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
        batcher.offer(new Waiting<>("three rows", "k", 3, 0, FAR));
        batcher.offer(new Waiting<>("one row", "k", 1, 0, FAR));
        assertThat(batcher.waitingRows()).isEqualTo(4);
        assertRuns(batcher.next(0), Trigger.FULL, "three rows", "one row");
        assertThat(batcher.waitingRows()).isZero();
    }

    @Test
    void neverMixesKeys() {
        batcher.offer(new Waiting<>("8 wide", "8", 1, 0, FAR));
        batcher.offer(new Waiting<>("9 wide", "9", 1, 0, FAR - 1));
        assertRuns(batcher.next(100), Trigger.DELAY, "9 wide");
        assertRuns(batcher.next(100), Trigger.DELAY, "8 wide");
    }

    @Test
    void wakesForTheQueueThatIsDueFirst() {
        batcher.offer(new Waiting<>("later", "8", 1, 40, FAR));
        batcher.offer(new Waiting<>("sooner", "9", 1, 10, FAR));
        assertThat(batcher.next(50)).isEqualTo(new Step.WaitUntil<>(110));
    }

    @Test
    void holdsNothingBackWhileDraining() {
        offer("a", 0);
        batcher.drain();
        assertRuns(batcher.next(1), Trigger.DRAIN, "a");
    }

    @Test
    void survivesTheWrapOfTheNanoClock() {
        long now = Long.MAX_VALUE - 10;
        batcher.offer(new Waiting<>("a", "k", 1, now, now + 5_000));
        assertThat(batcher.next(now + 5)).isEqualTo(new Step.WaitUntil<>(now + 100));
        assertRuns(batcher.next(now + 100), Trigger.DELAY, "a");
    }

    @Test
    void refusesARequestThatFitsNoBatch() {
        assertThatThrownBy(() -> batcher.offer(new Waiting<>("big", "k", 5, 0, FAR)))
                .hasMessage("rows must be in 1..4, was 5");
    }

    private void offer(String name, long arrival) {
        batcher.offer(new Waiting<>(name, "k", 1, arrival, FAR));
    }

    private static void assertRuns(Step<String> step, Trigger trigger, String... names) {
        assertThat(step).isInstanceOf(Step.Run.class);
        Step.Run<String> run = (Step.Run<String>) step;
        assertThat(run.batch().stream().map(Waiting::request)).containsExactly(names);
        assertThat(run.trigger()).isEqualTo(trigger);
        assertThat(run.rows())
                .isEqualTo(run.batch().stream().mapToInt(Waiting::rows).sum());
    }
}
