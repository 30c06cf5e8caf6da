package dev.penstock.worker.loop;

import static dev.penstock.worker.loop.ManualAccelerator.BAD;
import static dev.penstock.worker.loop.Tasks.awaited;
import static dev.penstock.worker.loop.Tasks.task;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.batching.BatchPolicy;
import dev.penstock.batching.Batcher;
import dev.penstock.batching.CostModel;
import dev.penstock.batching.Step;
import dev.penstock.batching.Window;
import dev.penstock.features.vector.FeatureQuality;
import dev.penstock.threads.LoopThread;
import dev.penstock.worker.accepted.AcceptedRecords;
import dev.penstock.worker.accepted.Effort;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The loop on a virtual clock, with an accelerator that finishes on command. */
class WorkerLoopTest {
    private static final long FAR = 1_000_000;
    private static final long LATE = 100 * Outage.REST_NANOS;

    private final ManualAccelerator accelerator = new ManualAccelerator();
    private final List<String> lost = new ArrayList<>();
    private final RecordedReplies replies = new RecordedReplies();
    private final CostModel costs = new CostModel();
    private final MeterRegistry registry = new SimpleMeterRegistry();
    private final WorkerLoop loop = loopOf(List.of(List.of(accelerator)));

    @Test
    void sleepsUntilSomethingArrives() {
        assertThat(loop.step(0)).isEqualTo(LoopThread.UNTIL_WOKEN);
    }

    @Test
    void startsWhatArrivedAndAnswersWhatFinished() {
        loop.offer(task("a", 1, FAR));
        loop.step(0);
        assertThat(accelerator.running()).containsExactly(1);
        accelerator.finish();
        loop.step(1);
        assertThat(replies.status).containsExactly(Map.entry("a", "succeeded"));
    }

    @Test
    void learnsWhatARunCosts() {
        loop.offer(task("a", 1, FAR));
        loop.step(0);
        accelerator.finish();
        loop.step(1);
        assertThat(costs.expectedNanos("key", 1)).isEqualTo(5);
    }

    @Test
    void notesWhichRequestsRanAndWhichWereLostByWaiting() {
        costs.observe("key", 1, 100);
        Task runs = task("runs", 1, FAR);
        Task waits = task("waits", 2, 500);
        Task hopeless = task("hopeless", 3, 50);
        loop.offer(runs);
        loop.step(0);
        loop.offer(waits);
        loop.offer(hopeless);
        loop.step(1);
        accelerator.finish();
        loop.step(1_000_000_000);
        assertThat(replies.status)
                .containsOnly(
                        Map.entry("runs", "succeeded"),
                        Map.entry("waits", "expired"),
                        Map.entry("hopeless", "expired"));
        assertThat(runs.record().effort()).isEqualTo(Effort.RAN);
        assertThat(waits.record().effort()).isEqualTo(Effort.GIVEN_UP);
        assertThat(hopeless.record().effort()).isEqualTo(Effort.NONE);
    }

    /** A burst of short deadlines must not make a fast worker look slow. */
    @Test
    void whatExpiresWhileSessionsAreMostlyIdleWasNotLostByWaiting() {
        costs.observe("key", 1, 100);
        Task waits = task("waits", 2, 500);
        loop.offer(task("runs", 1, FAR));
        loop.step(0);
        loop.offer(waits);
        loop.step(1);
        accelerator.finish();
        loop.step(1000);
        assertThat(replies.status).contains(Map.entry("waits", "expired"));
        assertThat(waits.record().effort()).isEqualTo(Effort.NONE);
    }

    @Test
    void countsTheRunsOfARequest() {
        Task alone = task("alone", 1, FAR);
        loop.offer(alone);
        loop.step(0);
        assertThat(alone.record().runs()).isZero();
        accelerator.finish();
        Task good = task("good", 2, FAR);
        Task bad = task("bad", BAD, FAR);
        loop.offer(good);
        loop.offer(bad);
        loop.step(1);
        finishAll();
        assertThat(alone.record().runs()).isEqualTo(1);
        assertThat(good.record().runs()).isEqualTo(2);
        assertThat(bad.record().runs()).isEqualTo(2);
    }

    @Test
    void countsARequestThatRunsInPartsOnce() {
        Task large = task("large", new byte[20], FAR);
        loop.offer(large);
        loop.step(0);
        finishAll();
        assertThat(replies.status).containsEntry("large", "succeeded");
        assertThat(large.record().runs()).isEqualTo(1);
    }

    @Test
    void countsNoRunOfABatchThatWasTakenBack() {
        Task task = task("late", 1, FAR);
        loop.offer(task);
        loop.step(0);
        accelerator.isTooLate = true;
        accelerator.finish();
        loop.step(1);
        assertThat(task.record().runs()).isZero();
    }

    @Test
    void letsTheNextBatchGrowWhileOneRuns() {
        loop.offer(task("a", 1, FAR));
        loop.step(0);
        loop.offer(task("b", 2, FAR));
        loop.step(1);
        loop.offer(task("c", 3, FAR));
        loop.step(2);
        accelerator.finish();
        loop.step(3);
        assertThat(accelerator.running()).containsExactly(2, 3);
    }

    @Test
    void findsTheRowAtFaultAndServesItsNeighbours() {
        for (int i = 0; i < 7; i++) {
            loop.offer(task("good " + i, i, FAR));
        }
        loop.offer(task("bad", BAD, FAR));
        loop.step(0);
        for (long now = 1; accelerator.isBusy(); now++) {
            accelerator.finish();
            loop.step(now);
        }
        assertThat(replies.status).hasSize(8).containsEntry("bad", "failed");
        assertThat(replies.status.values().stream().filter("succeeded"::equals)).hasSize(7);
    }

    @Test
    void synchronousCallsFailAtOnceWhileTheCentreIsAwayAndOthersWait() {
        accelerator.isUnavailable = true;
        loop.offer(task("waits", 1, LATE));
        loop.offer(awaited("first", 2, LATE));
        loop.step(0);
        loop.offer(awaited("queued", 3, LATE));
        loop.step(1);
        accelerator.finish();
        loop.step(2);
        assertThat(replies.status).containsOnly(Map.entry("first", "failed"), Map.entry("queued", "failed"));

        loop.offer(awaited("comes later", 4, LATE));
        assertThat(loop.step(3)).isEqualTo(Outage.REST_NANOS - 1);
        assertThat(replies.status).containsEntry("comes later", "failed").hasSize(3);
        assertThat(accelerator.isBusy()).isFalse();
    }

    @Test
    void oneBatchTriesWhetherTheCentreIsBackAndThenAllRun() {
        ManualAccelerator second = new ManualAccelerator();
        WorkerLoop two = loopOf(List.of(List.of(accelerator), List.of(second)));
        accelerator.isUnavailable = true;
        Task waits = task("waits", new byte[16], LATE);
        two.offer(waits);
        two.step(0);
        second.isUnavailable = true;
        second.finish();
        accelerator.finish();
        two.step(1);
        assertThat(two.step(Outage.REST_NANOS)).isEqualTo(1);
        assertThat(accelerator.isBusy() || second.isBusy()).isFalse();

        long back = Outage.REST_NANOS + 1;
        two.step(back);
        assertThat(accelerator.isBusy()).isNotEqualTo(second.isBusy());
        accelerator.isUnavailable = false;
        second.isUnavailable = false;
        ManualAccelerator tries = accelerator.isBusy() ? accelerator : second;
        tries.finish();
        two.step(back + 1);
        assertThat(replies.status).isEmpty();
        two.offer(task("beside", new byte[8], LATE));
        two.step(back + 2);
        assertThat(accelerator.isBusy() && second.isBusy()).isTrue();
        accelerator.finish();
        second.finish();
        two.step(back + 3);
        assertThat(replies.status).containsOnly(Map.entry("waits", "succeeded"), Map.entry("beside", "succeeded"));
        assertThat(waits.record().runs()).as("what did not run is no run").isEqualTo(1);
    }

    @Test
    void aRunThatFailsWhileOthersSucceedCostsNoOthers() {
        ManualAccelerator second = new ManualAccelerator();
        WorkerLoop two = loopOf(List.of(List.of(accelerator), List.of(second)));
        accelerator.isUnavailable = true;
        two.offer(awaited("slow", 1, LATE));
        two.step(0);
        two.offer(awaited("quick", 2, LATE));
        two.step(1);
        ManualAccelerator quick = accelerator.running().equals(List.of(2)) ? accelerator : second;
        quick.isUnavailable = false;
        quick.finish();
        two.step(2);
        two.offer(awaited("beside", 3, LATE));
        two.step(3);
        ManualAccelerator slow = quick == second ? accelerator : second;
        slow.isUnavailable = true;
        slow.finish();
        two.offer(awaited("comes", 4, LATE));
        two.step(4);
        assertThat(replies.status).containsOnly(Map.entry("slow", "failed"), Map.entry("quick", "succeeded"));
        slow.isUnavailable = false;
        for (int now = 5; accelerator.isBusy() || second.isBusy(); now++) {
            (accelerator.isBusy() ? accelerator : second).finish();
            two.step(now);
        }
        assertThat(replies.status).containsEntry("beside", "succeeded").containsEntry("comes", "succeeded");
    }

    @Test
    void aSynchronousCallTriesTheCentreWhenNothingElseWaits() {
        accelerator.isUnavailable = true;
        loop.offer(awaited("fails", 1, LATE));
        loop.step(0);
        accelerator.finish();
        assertThat(loop.step(1)).isEqualTo(LoopThread.UNTIL_WOKEN);
        accelerator.isUnavailable = false;
        loop.offer(awaited("tries", 2, LATE));
        loop.step(1 + Outage.REST_NANOS);
        accelerator.finish();
        loop.step(2 + Outage.REST_NANOS);
        assertThat(replies.status).containsOnly(Map.entry("fails", "failed"), Map.entry("tries", "succeeded"));
    }

    @Test
    void whatWaitsForTheCentreExpiresAtItsDeadlineAndCanBeCancelled() {
        accelerator.isUnavailable = true;
        loop.offer(task("urgent", 1, 100));
        loop.offer(task("relaxed", 2, Outage.REST_NANOS));
        loop.offer(task("patient", 3, LATE));
        loop.offer(task("taken back", 4, LATE));
        loop.step(0);
        assertThat(accelerator.latestEnd).isEqualTo(LATE);
        replies.cancelled.add("taken back");
        accelerator.finish();
        loop.step(150);
        assertThat(replies.status).containsOnly(Map.entry("urgent", "expired"), Map.entry("taken back", "cancelled"));
        loop.step(150 + Outage.REST_NANOS);
        assertThat(replies.status).containsEntry("relaxed", "expired").hasSize(3);
        assertThat(accelerator.running()).containsExactly(3);
    }

    @Test
    void aLoopThatDrainsLeavesWhatWaitsForTheCentreToTheNextOwner() {
        accelerator.isUnavailable = true;
        Task queued = task("queued", 1, LATE);
        Task large = task("large", new byte[20], LATE + 1);
        loop.offer(queued);
        loop.step(0);
        accelerator.finish();
        loop.step(1);
        loop.offer(large);
        loop.step(1 + Outage.REST_NANOS);
        assertThat(accelerator.isBusy()).isTrue();

        loop.drain();
        loop.step(2 + Outage.REST_NANOS);
        accelerator.finish();
        loop.step(3 + Outage.REST_NANOS);

        assertThat(replies.status).isEmpty();
        assertThat(queued.record().isSettled()).isTrue();
        assertThat(large.record().isSettled()).isTrue();
    }

    @Test
    void startsHalfOfABatchThatFailedNoLaterThanItsRunAllows() {
        costs.observe("key", 1, 100);
        costs.observe("key", 8, 100);
        loop.offer(task("good", 1, 1000));
        loop.offer(task("bad", BAD, 1000));
        loop.step(0);
        accelerator.finish();
        loop.step(200);
        assertThat(accelerator.running()).containsExactly(1);
        assertThat(accelerator.latestStart).isEqualTo(1000 - (long) costs.p95Nanos("key", 1));
        accelerator.finish();
        loop.step(950);
        assertThat(replies.status).containsExactly(Map.entry("good", "succeeded"), Map.entry("bad", "expired"));
    }

    @Test
    void startsEarlierByWhatAnAnswerTakesOnItsWay() {
        costs.observe("key", 1, 100);
        replies.deliveryNanos = 50;
        loop.offer(task("a", 1, 1000));
        loop.step(0);
        assertThat(accelerator.latestStart).isEqualTo(950 - (long) costs.p95Nanos("key", 1));
    }

    @Test
    void grantsTheAnswersWayAQuarterOfTheTimeAtMost() {
        costs.observe("key", 1, 100);
        replies.deliveryNanos = FAR;
        loop.offer(task("a", 1, 1000));
        loop.step(0);
        assertThat(accelerator.latestStart).isEqualTo(750 - (long) costs.p95Nanos("key", 1));
    }

    @Test
    void expiresWhatIsLateWithoutRunningIt() {
        loop.offer(task("late", 1, 10));
        loop.step(20);
        assertThat(replies.status).containsExactly(Map.entry("late", "expired"));
        assertThat(accelerator.isBusy()).isFalse();
    }

    @Test
    void answersWhatWasCancelledWithoutRunningIt() {
        loop.offer(task("kept", 1, FAR));
        loop.offer(task("taken back", 2, FAR));
        replies.cancelled.add("taken back");
        loop.step(0);
        assertThat(accelerator.running()).containsExactly(1);
        assertThat(replies.status).containsExactly(Map.entry("taken back", "cancelled"));
    }

    @Test
    void runsNoMoreOfALargeRequestThatWasCancelled() {
        loop.offer(task("large", new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, FAR));
        loop.step(0);
        replies.cancelled.add("large");
        accelerator.finish();
        loop.step(1);
        assertThat(accelerator.isBusy()).isFalse();
        assertThat(replies.status).containsExactly(Map.entry("large", "cancelled"));
    }

    @Test
    void countsNoNegativeWaitForWhatArrivedDuringTheTurn() {
        loop.offer(task("before the turn", 1, FAR, -10));
        loop.offer(task("during the turn", 1, FAR, 0));
        loop.step(-5);
        accelerator.finish();
        loop.step(1);
        assertThat(replies.timings.queueMs()).isZero();
    }

    @Test
    void countsTheTimeThatFeaturesTookApartFromTheWait() {
        Task plain = task("looked up", 1, FAR, 0);
        loop.offer(new Task(
                plain.record(),
                plain.lane(),
                plain.request(),
                plain.inputs(),
                plain.paddingPlan(),
                plain.arrivalNanos(),
                plain.deadlineNanos(),
                Optional.of(new Task.Features(FeatureQuality.FRESH, 300_000))));
        loop.step(500_000);
        accelerator.finish();
        loop.step(500_001);
        assertThat(replies.timings.queueMs()).isEqualTo(0.2);
        assertThat(replies.timings.featuresMs()).isEqualTo(0.3);
    }

    @Test
    void joinsTheOutputsOfARequestThatRanInParts() {
        loop.offer(task("large", new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, FAR));
        loop.offer(task("small", 12, FAR + 1));
        loop.step(0);
        assertThat(accelerator.running()).containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
        accelerator.finish();
        loop.step(1);
        assertThat(replies.status).isEmpty();
        assertThat(accelerator.running()).containsExactly(9, 10, 11, 12);
        accelerator.finish();
        loop.step(2);
        assertThat(replies.rows)
                .containsEntry("large", List.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11))
                .containsEntry("small", List.of(12));
    }

    @Test
    void failsARequestOnceWhenOneOfItsPartsFailsAndDropsTheOthers() {
        byte[] values = new byte[20];
        values[0] = BAD;
        loop.offer(task("large", values, FAR));
        loop.step(0);
        accelerator.finish();
        loop.step(1);
        assertThat(replies.status).containsExactly(Map.entry("large", "failed"));
        assertThat(accelerator.isBusy()).isFalse();
    }

    @Test
    void makesSmallerBatchesAfterOneThatRanOutOfMemory() {
        accelerator.memoryRows = 3;
        for (int i = 0; i < 8; i++) {
            loop.offer(task("task " + i, i, FAR));
        }
        loop.step(0);
        finishAll();
        assertThat(replies.status.values()).hasSize(8).containsOnly("succeeded");
        accelerator.sizes.clear();
        for (int i = 0; i < 8; i++) {
            loop.offer(task("later " + i, i, FAR));
        }
        loop.step(100);
        finishAll();
        assertThat(accelerator.sizes).allMatch(rows -> rows <= 2);
    }

    @Test
    void failsASingleRowThatRunsOutOfMemory() {
        accelerator.memoryRows = 0;
        loop.offer(task("too large", 1, FAR));
        loop.step(0);
        accelerator.finish();
        loop.step(1);
        assertThat(replies.status).containsExactly(Map.entry("too large", "failed"));
        assertThat(registry.counter("inference.out.of.memory", "model", "m").count())
                .isEqualTo(1);
    }

    @Test
    void tellsOfALostDevice() {
        accelerator.isLost = true;
        loop.offer(task("a", 1, FAR));
        loop.step(0);
        accelerator.finish();
        loop.step(1);
        assertThat(lost).containsExactly("CUDA failure 700");
    }

    @Test
    void takesBackABatchWhoseTurnCameTooLateAndExpiresItsMembers() {
        loop.offer(task("urgent", 1, 100));
        loop.offer(task("relaxed", 2, FAR));
        loop.step(0);
        assertThat(accelerator.latestStart).isEqualTo(100);
        accelerator.isTooLate = true;
        accelerator.finish();
        accelerator.isTooLate = false;
        loop.step(200);
        assertThat(replies.status).containsExactly(Map.entry("urgent", "expired"));
        assertThat(accelerator.running()).containsExactly(2);
    }

    @Test
    void countsWhatBeganToRunAfterItsLatestStart() {
        loop.offer(task("just in time", 1, 100));
        loop.step(0);
        accelerator.startNanos = 100;
        accelerator.finish();
        loop.step(110);
        assertThat(registry.counter("inference.late.starts", "model", "m").count())
                .isZero();
        loop.offer(task("too late", 1, 200));
        loop.step(120);
        accelerator.startNanos = 201;
        accelerator.finish();
        loop.step(210);
        assertThat(registry.counter("inference.late.starts", "model", "m").count())
                .isOne();
    }

    @Test
    void assemblesOneBatchWhileAnotherRunsAndKeepsAnIdleSessionBusyFirst() {
        ManualAccelerator first = new ManualAccelerator();
        ManualAccelerator second = new ManualAccelerator();
        WorkerLoop two = loopOf(List.of(List.of(first, new ManualAccelerator()), List.of(second)));
        two.offer(task("a", 1, FAR));
        two.step(0);
        two.offer(task("b", 2, FAR));
        two.step(1);
        assertThat(first.running()).containsExactly(1);
        assertThat(second.running()).containsExactly(2);
    }

    /** The batcher belongs to the thread that steps the loop; {@link WorkerLoop#drain} is called from the intake's. */
    @Test
    void drainReachesTheBatcherOnlyWithinAStep() {
        Batcher<Task> batcher = new Batcher<>(BatchPolicy.of(8, Window.fixed(1000)), costs);
        WorkerLoop waiting = loopOf(batcher, List.of(List.of(accelerator)));
        waiting.offer(task("a", 1, FAR));
        assertThat(waiting.step(0)).isEqualTo(1000);

        waiting.drain();
        assertThat(batcher.next(1)).isInstanceOf(Step.WaitUntil.class);

        waiting.step(2);
        assertThat(accelerator.running()).containsExactly(1);
    }

    @Test
    void whatWaitsForTheCentreIsDroppedWhenItsPartitionHasAnotherOwner() {
        accelerator.isUnavailable = true;
        Task lost = task("lost", 1, LATE);
        Task kept = task("kept", 2, LATE);
        loop.offer(lost);
        loop.offer(kept);
        loop.step(0);
        AcceptedRecords.lose(lost.record());
        accelerator.finish();
        loop.step(1);
        assertThat(lost.record().isSettled()).isTrue();
        assertThat(kept.record().isSettled()).isFalse();
        assertThat(replies.status).isEmpty();
    }

    @Test
    void aLoopThatDrainsDoesNotTryTheCentreAgain() {
        accelerator.isUnavailable = true;
        Task waits = task("waits", 1, LATE);
        loop.offer(waits);
        loop.step(0);
        accelerator.finish();
        loop.step(1);
        loop.drain();
        loop.step(2);
        assertThat(waits.record().isSettled()).isTrue();
        assertThat(accelerator.isBusy()).isFalse();
    }

    private void finishAll() {
        for (long now = 1; accelerator.isBusy(); now++) {
            accelerator.finish();
            loop.step(now);
        }
    }

    private WorkerLoop loopOf(List<List<ManualAccelerator>> sessions) {
        return loopOf(new Batcher<>(BatchPolicy.of(8, Window.fixed(0)), costs), sessions);
    }

    private WorkerLoop loopOf(Batcher<Task> batcher, List<List<ManualAccelerator>> sessions) {
        return new WorkerLoop(
                List.of(Site.home(batcher, sessions)),
                Optional.empty(),
                replies,
                new WorkerMeters(registry, "m"),
                lost::add,
                () -> {});
    }
}
