package dev.penstock.worker;

import static dev.penstock.local.TopicContent.header;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.local.BrokerWithRights;
import dev.penstock.local.TopicContent;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Topics;
import dev.penstock.messages.WarmUpModels;
import dev.penstock.model.OnnxModels;
import dev.penstock.process.WarmUpPlan;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Workers that warm up, on a real broker. */
class WorkerWarmUpTest {
    private static final BrokerWithRights BROKER = BrokerWithRights.start();
    private static final Admin ADMIN = BROKER.admin();
    private static final String MODEL = "lookup";
    private static final int REQUESTS = 60;

    /** Its first round may begin before it reads. */
    private static final int MAY_BE_MISSED = 8;

    @TempDir
    private Path models;

    @AfterAll
    static void stop() {
        BROKER.close();
    }

    @Test
    void aWorkerAnswersItsOwnRequestsAndNobodySeesThem() throws Exception {
        try (WorkerUnderTest worker = worker(new WarmUpPlan(Duration.ofMinutes(2), REQUESTS, true))) {
            worker.start();

            assertThat(worker.isReady()).isTrue();
            assertThat(TopicContent.read(BROKER.clients(), Topics.WARM_UP_REPLIES))
                    .hasSizeGreaterThanOrEqualTo(REQUESTS - MAY_BE_MISSED)
                    .allSatisfy(reply ->
                            assertThat(header(reply, RecordHeaders.STATUS)).isEqualTo("succeeded"))
                    .anyMatch(WorkerWarmUpTest::isBinary)
                    .anyMatch(reply -> !isBinary(reply));
            assertThat(worker.registry.getMeters())
                    .noneMatch(
                            meter -> WarmUpModels.OF_WORKER.equals(meter.getId().getTag("model")));
            assertThat(worker.registry.get("inference.kafka.write").timer().count())
                    .isZero();
            assertThat(TopicContent.read(BROKER.clients(), Topics.MODELS))
                    .isNotEmpty()
                    .noneMatch(record -> record.key().contains(WarmUpModels.OF_WORKER));
            assertThat(worker.faults.isEmpty()).isTrue();
        }
    }

    @Test
    void aColdWorkerLeavesAModelToOthersUntilItIsWarmOrTheyAreGone() throws Exception {
        AtomicBoolean ends = new AtomicBoolean();
        WorkerUnderTest other = worker(Optional.empty()).start();
        patiently().until(() -> TopicContent.workers(ADMIN, MODEL) == 1);
        try (ExecutorService starter = Executors.newSingleThreadExecutor();
                WorkerUnderTest cold = worker(new WarmUpPlan(Duration.ofMinutes(2), 1_000_000, true))) {
            Future<?> start = starter.submit(() -> cold.start(ends::get));
            patiently().until(() -> cold.missing().contains("others serve the model"));
            assertThat(members()).isEqualTo(1);

            other.close();

            patiently().until(() -> members() == 1 && cold.missing().equals("the worker warms up"));
            assertThat(cold.isReady()).isFalse();
            ends.set(true);
            start.get(1, TimeUnit.MINUTES);
        }
    }

    private WorkerUnderTest worker(WarmUpPlan plan) throws Exception {
        return worker(Optional.of(plan));
    }

    private WorkerUnderTest worker(Optional<WarmUpPlan> plan) throws Exception {
        OnnxModels.write(models, MODEL, 1, OnnxModels.lookup());
        WorkerUnderTest.layout().create(ADMIN, WorkerUnderTest.layout().shared());
        return new WorkerUnderTest(BROKER.clients(), models, new SimpleMeterRegistry(), plan, Map.of());
    }

    private static int members() throws Exception {
        return ADMIN.describeConsumerGroups(List.of(Topics.workerGroup(MODEL))).all().get().values().stream()
                .mapToInt(group -> group.members().size())
                .sum();
    }

    private static boolean isBinary(ConsumerRecord<String, String> reply) {
        return reply.headers().lastHeader(RecordHeaders.JSON_LENGTH) != null;
    }

    private static ConditionFactory patiently() {
        return await().atMost(Duration.ofMinutes(2));
    }
}
