package dev.penstock.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.batching.BatchPolicy;
import dev.penstock.batching.Batcher;
import dev.penstock.model.Fit;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Outcome;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.Timings;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** The loop on a virtual clock, with an accelerator that finishes when it is told to. */
class WorkerLoopTest {
    private static final long FAR = 1_000_000;
    private static final int BAD = -1;
    private static final Fit FIT = new Fit("key", 8, Map.of());

    private final ManualAccelerator accelerator = new ManualAccelerator();
    private final RecordedReplies replies = new RecordedReplies();
    private final WorkerLoop loop = new WorkerLoop(
            new Batcher<>(new BatchPolicy(8, 0)),
            List.of(accelerator),
            replies,
            new WorkerMeters(new SimpleMeterRegistry(), "m"),
            () -> {});

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
    void expiresWhatIsLateWithoutRunningIt() {
        loop.offer(task("late", 1, 10));
        loop.step(20);
        assertThat(replies.status).containsExactly(Map.entry("late", "expired"));
        assertThat(accelerator.isBusy()).isFalse();
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

    private static Task task(String name, int value, long deadlineNanos) {
        return task(name, value, deadlineNanos, 0);
    }

    private static Task task(String name, int value, long deadlineNanos, long arrivalNanos) {
        OffsetLedger ledger = new OffsetLedger();
        Origin origin = new Origin(
                new ConsumerRecord<>("t", 0, 0, new byte[0], new byte[0]),
                ledger.open(new TopicPartition("t", 0), 0, 0),
                name,
                Optional.empty(),
                "1");
        Tensor input = new Tensor("x", Datatype.INT8, Shape.of(1, 1), ByteBuffer.wrap(new byte[] {(byte) value}));
        InferenceRequest request = new InferenceRequest(Optional.empty(), Map.of(), List.of(input), List.of(), false);
        return new Task(origin, Lane.INTERACTIVE, request, List.of(input), FIT, arrivalNanos, deadlineNanos);
    }

    /** Fails a batch that holds {@link #BAD}, as a model does whose run fails as a whole. */
    private static final class ManualAccelerator implements Accelerator {
        private final Deque<Runnable> completions = new ArrayDeque<>();
        private List<Integer> values = List.of();

        @Override
        public void start(List<List<Tensor>> requests, Consumer<Result> done) {
            List<Integer> batch = new ArrayList<>();
            requests.forEach(inputs -> batch.add((int) inputs.getFirst().data().get(0)));
            values = batch;
            completions.add(() -> done.accept(batch.contains(BAD) ? new Broke("bad row") : new Ran(List.of(), 5)));
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

    private static final class RecordedReplies implements Replies {
        private final Map<String, String> status = new LinkedHashMap<>();
        private Timings timings = Timings.NONE;

        @Override
        public Outcome outcome(Task task, List<Tensor> batchOutputs, int fromRow) {
            return new Outcome.Succeeded(Payload.json(new byte[0]));
        }

        @Override
        public void send(Task task, Outcome outcome, Timings timings) {
            this.timings = timings;
            assertThat(status.put(task.origin().correlationId(), outcome.status()))
                    .isNull();
        }
    }
}
