package dev.penstock.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.batching.BatchPolicy;
import dev.penstock.batching.Batcher;
import dev.penstock.batching.CostModel;
import dev.penstock.batching.Step;
import dev.penstock.batching.Window;
import dev.penstock.features.vector.FeatureQuality;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.Timings;
import dev.penstock.messages.Topics;
import dev.penstock.model.InferenceException;
import dev.penstock.model.config.PaddingPlan;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import dev.penstock.worker.accepted.AcceptedRecords;
import dev.penstock.worker.accepted.Effort;
import dev.penstock.worker.accepted.ReplyAddress;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The loop on a virtual clock, with an accelerator that finishes on command. */
class WorkerLoopTest {
    private static final long FAR = 1_000_000;
    private static final long LATE = 100 * Outage.REST_NANOS;
    private static final int BAD = -1;
    private static final PaddingPlan PLAN = new PaddingPlan("key", 8, Map.of());

    private final ManualAccelerator accelerator = new ManualAccelerator();
    private final List<String> lost = new ArrayList<>();
    private final RecordedReplies replies = new RecordedReplies();
    private final CostModel costs = new CostModel();
    private final MeterRegistry registry = new SimpleMeterRegistry();
    private final WorkerLoop loop = loopOf(List.of(List.of(accelerator)));

    @Test
    void sleepsUntilSomethingArrives() {
        assertThat(loop.step(0)).isEqualTo(WorkerLoop.UNTIL_WOKEN);
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
    void aSynchronousCallTriesTheCentreWhenNothingElseWaits() {
        accelerator.isUnavailable = true;
        loop.offer(awaited("fails", 1, LATE));
        loop.step(0);
        accelerator.finish();
        assertThat(loop.step(1)).isEqualTo(WorkerLoop.UNTIL_WOKEN);
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
        return new WorkerLoop(batcher, sessions, replies, new WorkerMeters(registry, "m"), lost::add, () -> {});
    }

    private static Task task(String name, int value, long deadlineNanos) {
        return task(name, value, deadlineNanos, 0);
    }

    private static Task awaited(String name, int value, long deadlineNanos) {
        Task task = task(name, value, deadlineNanos);
        task.record().replyTo(new ReplyAddress(Topics.REPLIES, Optional.of(0)));
        return task;
    }

    private static Task task(String name, byte[] values, long deadlineNanos) {
        return task(name, values, deadlineNanos, 0);
    }

    private static Task task(String name, int value, long deadlineNanos, long arrivalNanos) {
        return task(name, new byte[] {(byte) value}, deadlineNanos, arrivalNanos);
    }

    private static Task task(String name, byte[] values, long deadlineNanos, long arrivalNanos) {
        Tensor input = new Tensor("x", Datatype.INT8, Shape.of(values.length, 1), ByteBuffer.wrap(values));
        InferenceRequest request = new InferenceRequest(Optional.empty(), Map.of(), List.of(input), List.of(), false);
        return new Task(
                AcceptedRecords.open(name),
                Lane.INTERACTIVE,
                request,
                List.of(input),
                PLAN,
                arrivalNanos,
                deadlineNanos);
    }

    /** Echoes its inputs. Fails a batch that holds {@link #BAD}, as a model does whose run fails as a whole. */
    private static final class ManualAccelerator implements Accelerator {
        private final Deque<Runnable> completions = new ArrayDeque<>();
        private final List<Integer> sizes = new ArrayList<>();
        private List<Integer> values = List.of();
        private int memoryRows = 100;
        private boolean isLost;
        private boolean isTooLate;
        private boolean isUnavailable;
        private long latestStart;
        private long latestEnd;
        private long startNanos;

        @Override
        public void start(
                List<List<Tensor>> requests, long latestStartNanos, long latestEndNanos, Consumer<Result> done) {
            List<Integer> batch = new ArrayList<>();
            requests.forEach(inputs -> batch.addAll(values(inputs.getFirst())));
            values = batch;
            sizes.add(batch.size());
            latestStart = latestStartNanos;
            latestEnd = latestEndNanos;
            completions.add(() -> done.accept(result(batch)));
        }

        private Result result(List<Integer> batch) {
            if (isTooLate) {
                return new TooLate();
            }
            if (isLost) {
                return new Broke(InferenceException.Kind.DEVICE_LOST, "CUDA failure 700");
            }
            if (isUnavailable) {
                return new Broke(InferenceException.Kind.UNAVAILABLE, "the centre is away");
            }
            if (batch.size() > memoryRows) {
                return new Broke(InferenceException.Kind.OUT_OF_MEMORY, "out of memory");
            }
            if (batch.contains(BAD)) {
                return new Broke(InferenceException.Kind.FAILED, "bad row");
            }
            ByteBuffer data = ByteBuffer.allocate(batch.size());
            batch.forEach(value -> data.put(value.byteValue()));
            return new Ran(
                    List.of(new Tensor("y", Datatype.INT8, Shape.of(batch.size(), 1), data.flip())), startNanos, 5, 1);
        }

        List<Integer> running() {
            return values;
        }

        boolean isBusy() {
            return !completions.isEmpty();
        }

        void finish() {
            completions.remove().run();
        }
    }

    private static List<Integer> values(Tensor tensor) {
        List<Integer> values = new ArrayList<>();
        for (int i = 0; i < tensor.data().limit(); i++) {
            values.add((int) tensor.data().get(i));
        }
        return values;
    }

    private static final class RecordedReplies implements Replies {
        private final Map<String, String> status = new LinkedHashMap<>();
        private final Map<String, List<Integer>> rows = new HashMap<>();
        private final Set<String> cancelled = new HashSet<>();
        private Timings timings = Timings.NONE;
        private long deliveryNanos;

        @Override
        public long deliveryNanos() {
            return deliveryNanos;
        }

        @Override
        public boolean isCancelled(Task task) {
            return cancelled.contains(task.record().correlationId().toString());
        }

        @Override
        public Outcome outcome(Task task, List<Tensor> batchOutputs, int fromRow) {
            rows.put(
                    task.record().correlationId().toString(),
                    values(batchOutputs.getFirst().rows(fromRow, task.rows())));
            return new Outcome.Succeeded(Payload.json(new byte[0]));
        }

        @Override
        public void send(Task task, Outcome outcome, Timings timings) {
            this.timings = timings;
            assertThat(status.put(task.record().correlationId().toString(), outcome.status()))
                    .isNull();
        }
    }
}
