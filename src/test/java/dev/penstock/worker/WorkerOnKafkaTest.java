package dev.penstock.worker;

import static dev.penstock.local.TopicContent.header;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.penstock.local.BrokerWithRights;
import dev.penstock.local.TopicContent;
import dev.penstock.messages.Announcement;
import dev.penstock.messages.ModelStatus;
import dev.penstock.messages.ModelStatus.State;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Topics;
import dev.penstock.model.OnnxModels;
import dev.penstock.protocol.Lane;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.cumulative.CumulativeDistributionSummary;
import io.micrometer.core.instrument.distribution.DistributionStatisticConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.function.Predicate;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/** Workers on a real broker: what they do with records that another worker had before, and with topics that change under them. */
class WorkerOnKafkaTest {
    private static final BrokerWithRights BROKER = BrokerWithRights.start();
    private static final Admin ADMIN = BROKER.admin();

    private final KafkaProducer<String, String> producer =
            new KafkaProducer<>(BROKER.clients(), new StringSerializer(), new StringSerializer());

    @TempDir
    private Path models;

    private String model = "";
    private String replies = "";

    @AfterAll
    static void stop() {
        BROKER.close();
    }

    @BeforeEach
    void createTopics(TestInfo test) throws Exception {
        model = test.getTestMethod().orElseThrow().getName();
        replies = "penstock.replies." + model;
        OnnxModels.write(models, model, 1, OnnxModels.lookup());
        WorkerUnderTest.layout().create(ADMIN, WorkerUnderTest.layout().shared());
        WorkerUnderTest.layout().create(ADMIN, WorkerUnderTest.layout().ofModel(model));
        ADMIN.createTopics(List.of(new NewTopic(replies, 1, (short) 1))).all().get();
    }

    @AfterEach
    void disconnect() {
        producer.close();
    }

    @Test
    void answersNothingAgainAfterAResetOfTheOffsets() throws Exception {
        try (WorkerUnderTest worker = new WorkerUnderTest(BROKER.clients(), models).start()) {
            for (int i = 0; i < 20; i++) {
                send(i % 2, "r" + i);
            }
            patiently().until(() -> replies().size() == 20);
        }
        commit(0, 0, "");
        commit(1, 0, "");
        try (WorkerUnderTest worker = new WorkerUnderTest(BROKER.clients(), models).start()) {
            patiently().until(() -> worker.count("inference.answered.before") == 20);
            send(0, "new");
            patiently().until(() -> replies().size() > 20);
            assertThat(replies()).hasSize(21).last().matches(reply -> id(reply).equals("new"));
            patiently().until(() -> lag() == 0);
        }
    }

    /** Its last note says that it had taken three records. The first it had answered. */
    @Test
    void answersOnlyWhatADeadWorkerHasNot() throws Exception {
        for (String id : List.of("a", "b", "c", "d")) {
            send(0, id);
        }
        ProducerRecord<String, String> reply = new ProducerRecord<>(replies, "{}");
        RecordHeaders.set(reply.headers(), RecordHeaders.CORRELATION_ID, "a");
        RecordHeaders.set(reply.headers(), RecordHeaders.STATUS, "succeeded");
        RecordHeaders.set(reply.headers(), RecordHeaders.SOURCE, requests() + "/0/0");
        producer.send(reply).get();
        commit(0, 0, "ran=0;given-up=0;taken=3;at=" + System.currentTimeMillis());
        try (WorkerUnderTest worker = new WorkerUnderTest(BROKER.clients(), models).start()) {
            patiently().until(() -> lag() == 0);
            assertThat(replies()).extracting(WorkerOnKafkaTest::id).containsExactlyInAnyOrder("a", "b", "c", "d");
        }
    }

    @Test
    void keepsARecordThatEndedTwoWorkersAsADeadLetter() throws Exception {
        for (String id : List.of("before", "guilty", "after")) {
            send(0, id);
        }
        commit(0, 0, "ran=0;given-up=0;taken=3;at=" + System.currentTimeMillis() + ";trying=1");
        try (WorkerUnderTest worker = new WorkerUnderTest(BROKER.clients(), models).start()) {
            patiently().until(() -> lag() == 0);
            assertThat(replies())
                    .extracting(WorkerOnKafkaTest::id, reply -> header(reply, RecordHeaders.STATUS))
                    .containsExactlyInAnyOrder(
                            tuple("before", "succeeded"), tuple("guilty", "failed"), tuple("after", "succeeded"));
            ConsumerRecord<String, String> letter =
                    read(Topics.deadLetters(model)).getFirst();
            assertThat(header(letter, RecordHeaders.DEAD_LETTER_ATTEMPTS)).isEqualTo("2");
            assertThat(header(letter, RecordHeaders.DEAD_LETTER_ERROR)).contains("ended twice");
        }
    }

    /** The first copy of the call is in another partition. */
    @Test
    void leavesTheSecondCopyOfACallThatADeadWorkerHeldToTheFirst() throws Exception {
        ProducerRecord<String, String> copy = request(0, "copy");
        RecordHeaders.set(copy.headers(), RecordHeaders.COPY, "1");
        producer.send(copy).get();
        send(0, "neighbour");
        commit(0, 0, "ran=0;given-up=0;taken=2;at=" + System.currentTimeMillis());
        ProducerRecord<String, String> later = request(1, "later");
        RecordHeaders.set(later.headers(), RecordHeaders.COPY, "1");
        producer.send(later).get();
        try (WorkerUnderTest worker = new WorkerUnderTest(BROKER.clients(), models).start()) {
            patiently().until(() -> lag() == 0);
            assertThat(replies()).extracting(WorkerOnKafkaTest::id).containsExactlyInAnyOrder("neighbour", "later");
        }
    }

    @Test
    void leavesNoLagBehindMarkersAndAbortedRecords() throws Exception {
        try (WorkerUnderTest worker = new WorkerUnderTest(BROKER.clients(), models).start()) {
            try (KafkaProducer<String, String> transactional = transactional()) {
                transactional.initTransactions();
                transactional.beginTransaction();
                transactional.send(request(0, "committed"));
                transactional.commitTransaction();
                transactional.beginTransaction();
                transactional.send(request(0, "aborted"));
                transactional.flush();
                transactional.abortTransaction();
            }
            patiently().until(() -> replies().size() == 1 && lag() == 0);
            assertThat(replies()).extracting(WorkerOnKafkaTest::id).containsExactly("committed");
        }
    }

    @Test
    void isNotReadyWithoutAModelUnlessItMayBe(@TempDir Path empty) throws Exception {
        try (WorkerUnderTest worker = new WorkerUnderTest(BROKER.clients(), empty).start()) {
            assertThat(worker.isReady()).isFalse();
            assertThat(worker.missing())
                    .isEqualTo("serves nothing: there is no model in " + empty
                            + "; put one at NAME/1/model.onnx in it, or set penstock.worker.allow-empty=true");
        }
        try (WorkerUnderTest worker =
                new WorkerUnderTest(BROKER.clients(), empty, Map.of("penstock.worker.allow-empty", "true")).start()) {
            assertThat(worker.isReady()).isTrue();
        }
    }

    @Test
    void leavesNoLagOnATopicThatWasEmptied() throws Exception {
        send(0, "gone");
        commit(0, 0, "");
        TopicPartition partition = new TopicPartition(requests(), 0);
        ADMIN.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(1)))
                .all()
                .get();
        try (WorkerUnderTest worker = new WorkerUnderTest(BROKER.clients(), models).start()) {
            patiently().until(() -> lag() == 0);
            assertThat(worker.faults.isEmpty()).isTrue();
        }
    }

    @Test
    void servesATopicThatWasDeletedAndMadeAgain() throws Exception {
        try (WorkerUnderTest worker = new WorkerUnderTest(BROKER.clients(), models).start()) {
            for (int i = 0; i < 5; i++) {
                send(0, "old" + i);
            }
            patiently().until(() -> replies().size() == 5);
            ADMIN.deleteTopics(List.of(requests())).all().get();
            patiently().until(() -> isMissing(requests()));
            WorkerUnderTest.layout().create(ADMIN, WorkerUnderTest.layout().ofModel(model));
            send(0, "new");
            patiently().until(() -> replies().size() == 6);
            assertThat(worker.faults.isEmpty()).isTrue();
            assertThat(worker.isReady()).isTrue();
        }
    }

    @Test
    void makesItsDeadLettersAgainWhereTheyWereDeleted() throws Exception {
        try (WorkerUnderTest worker = new WorkerUnderTest(BROKER.clients(), models).start()) {
            ADMIN.deleteTopics(List.of(Topics.deadLetters(model))).all().get();
            patiently().until(() -> isMissing(Topics.deadLetters(model)));
            producer.send(new ProducerRecord<>(requests(), 0, null, "not JSON")).get();
            patiently().until(() -> !isMissing(Topics.deadLetters(model)) && lag() == 0);
            assertThat(read(Topics.deadLetters(model))).hasSize(1);
            assertThat(worker.faults.isEmpty()).isTrue();
        }
    }

    @Test
    void readsPartitionsThatWereAdded() throws Exception {
        try (WorkerUnderTest worker = new WorkerUnderTest(BROKER.clients(), models).start()) {
            send(0, "old");
            patiently().until(() -> replies().size() == 1);
            ADMIN.createPartitions(Map.of(requests(), NewPartitions.increaseTo(WorkerUnderTest.PARTITIONS + 1)))
                    .all()
                    .get();
            try (KafkaProducer<String, String> knowing =
                    new KafkaProducer<>(BROKER.clients(), new StringSerializer(), new StringSerializer())) {
                knowing.send(request(WorkerUnderTest.PARTITIONS, "new")).get();
            }
            patiently().until(() -> replies().size() == 2);
        }
    }

    @Test
    void waitsForTheRightToReadItsRequests() throws Exception {
        OnnxModels.write(models, model + "-other", 1, OnnxModels.lookup());
        BROKER.withdraw(AclOperation.READ, requests());
        try (WorkerUnderTest worker = new WorkerUnderTest(BROKER.clients(), models).start()) {
            send(0, "refused");
            producer.send(request(Topics.requests(model + "-other", Lane.INTERACTIVE), 0, "other", "1"))
                    .get();
            patiently().until(() -> replies().size() == 1);
            assertThat(replies()).extracting(WorkerOnKafkaTest::id).containsExactly("other");
            assertThat(worker.faults.isEmpty()).isTrue();
            BROKER.giveBack(AclOperation.READ, requests());
            patiently().until(() -> replies().size() == 2);
            assertThat(worker.faults.isEmpty()).isTrue();
        }
    }

    @Test
    void passesRequestsForAVersionThatItDoesNotHaveToTheWorkerThatHasIt(@TempDir Path newer) throws Exception {
        OnnxModels.write(newer, model, 1, OnnxModels.lookup());
        OnnxModels.write(newer, model, 2, OnnxModels.lookup());
        try (WorkerUnderTest old = new WorkerUnderTest(BROKER.clients(), models).start();
                WorkerUnderTest both = new WorkerUnderTest(BROKER.clients(), newer).start()) {
            patiently().until(() -> members() == 2);
            for (int i = 0; i < 20; i++) {
                producer.send(request(requests(), i % 2, "r" + i, "2")).get();
            }
            patiently().until(() -> replies().size() >= 20 && lag() == 0);
            assertThat(replies())
                    .hasSize(20)
                    .allSatisfy(reply -> {
                        assertThat(header(reply, RecordHeaders.STATUS)).isEqualTo("succeeded");
                        assertThat(header(reply, RecordHeaders.MODEL_VERSION)).isEqualTo("2");
                    })
                    .extracting(WorkerOnKafkaTest::id)
                    .doesNotHaveDuplicates();
            assertThat(old.count("inference.passed.on")).isPositive();
            assertThat(read(requests()))
                    .filteredOn(copy -> copy.headers().lastHeader(RecordHeaders.PASSED_ON) != null)
                    .isNotEmpty()
                    .allSatisfy(copy -> {
                        assertThat(copy.headers().lastHeader(RecordHeaders.TIMEOUT_MS))
                                .isNull();
                        assertThat(Long.parseLong(header(copy, RecordHeaders.DEADLINE_MS)))
                                .isLessThan(copy.timestamp() + 60_000);
                        assertThat(header(copy, RecordHeaders.SOURCE)).startsWith(requests() + "/");
                    });
        }
    }

    /** A meter that throws stands for the bug: it ends the thread of the model's loop. */
    @Test
    void announcesAModelThatABugStoppedAsNotReadyWithTheReason() throws Exception {
        SimpleMeterRegistry broken = new SimpleMeterRegistry() {
            @Override
            protected DistributionSummary newDistributionSummary(
                    Meter.Id id, DistributionStatisticConfig config, double scale) {
                return new CumulativeDistributionSummary(id, clock, config, scale, false) {
                    @Override
                    protected void recordNonNegative(double amount) {
                        throw new IllegalStateException("a bug in a meter");
                    }
                };
            }
        };
        try (WorkerUnderTest worker = new WorkerUnderTest(BROKER.clients(), models, broken).start()) {
            patiently().until(() -> announced().filter(Announcement::ready).isPresent());
            send(0, "unlucky");
            patiently().until(() -> announced().filter(model -> !model.ready()).isPresent());
            patiently().until(() -> said().stream().anyMatch(status -> status.state() == State.UNAVAILABLE));
            assertThat(said().getLast().reason())
                    .startsWith("a bug stopped it on worker ")
                    .endsWith("a bug in a meter");
            assertThat(broken.get("inference.models")
                            .tag("state", "unavailable")
                            .gauge()
                            .value())
                    .isEqualTo(1);
        }
    }

    @Test
    void announcesWhatItRefusesWithTheReason() throws Exception {
        OnnxModels.writeConfig(models, model, "max_batch_size: many");
        WorkerUnderTest worker = new WorkerUnderTest(BROKER.clients(), models);
        try (worker) {
            worker.start();
            patiently().until(() -> !said().isEmpty());
            assertThat(said().getLast().reason()).startsWith("model.yaml: max_batch_size must be an integer");
            assertThat(worker.registry
                            .get("inference.models")
                            .tag("state", "unavailable")
                            .gauge()
                            .value())
                    .isEqualTo(1);
        }
        assertThat(announcements(ModelStatus::isKey).getLast().value())
                .as("deleted at the end")
                .isNull();
    }

    @Test
    void callsNoCentreThatTheOperatorDidNotName(@TempDir Path elsewhere) throws Exception {
        Files.createDirectories(elsewhere.resolve(model));
        OnnxModels.writeConfig(elsewhere, model, "remote: {url: 'http://centre.example/', model: ranker}");
        try (WorkerUnderTest worker = new WorkerUnderTest(BROKER.clients(), elsewhere)) {
            worker.start();
            patiently().until(() -> !said().isEmpty() && said().getLast().state() != ModelStatus.State.LOADING);
            assertThat(said().getLast().reason())
                    .isEqualTo(
                            "http://centre.example must be one of penstock.worker.centres, or below one. They are not set");
        }
    }

    /** The last announcement of the model. */
    private Optional<Announcement> announced() throws Exception {
        List<ConsumerRecord<String, String>> records = announcements(key -> !ModelStatus.isKey(key));
        return records.isEmpty()
                ? Optional.empty()
                : Optional.of(Announcement.read(records.getLast().value().getBytes(UTF_8)));
    }

    private List<ModelStatus> said() throws Exception {
        List<ModelStatus> statuses = new ArrayList<>();
        for (ConsumerRecord<String, String> record : announcements(ModelStatus::isKey)) {
            if (record.value() != null) {
                statuses.add(ModelStatus.read(record.value().getBytes(UTF_8)));
            }
        }
        return statuses;
    }

    private List<ConsumerRecord<String, String>> announcements(Predicate<String> kind) {
        return read(Topics.MODELS).stream()
                .filter(record -> kind.test(record.key()) && record.key().contains(model + "/"))
                .toList();
    }

    @Test
    void leavesItsPartitionsToAnotherWithoutASecondReply() throws Exception {
        List<String> ids = new ArrayList<>();
        try (WorkerUnderTest stays = new WorkerUnderTest(BROKER.clients(), models).start()) {
            try (WorkerUnderTest leaves = new WorkerUnderTest(BROKER.clients(), models).start()) {
                patiently().until(() -> members() == 2);
                for (int i = 0; i < 200; i++) {
                    ids.add("r" + i);
                    producer.send(request(i % 2, "r" + i));
                }
                producer.flush();
            }
            for (int i = 200; i < 220; i++) {
                ids.add("r" + i);
                send(i % 2, "r" + i);
            }
            patiently().until(() -> replies().size() >= ids.size() && lag() == 0);
            assertThat(replies()).extracting(WorkerOnKafkaTest::id).containsExactlyInAnyOrderElementsOf(ids);
        }
    }

    private static ConditionFactory patiently() {
        return await().pollInterval(Duration.ofMillis(50));
    }

    private String requests() {
        return Topics.requests(model, Lane.INTERACTIVE);
    }

    private static KafkaProducer<String, String> transactional() {
        Map<String, Object> settings = new HashMap<>(BROKER.clients());
        settings.put("transactional.id", "billing");
        return new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
    }

    private void send(int partition, String id) throws Exception {
        producer.send(request(partition, id)).get();
    }

    private ProducerRecord<String, String> request(int partition, String id) {
        return request(requests(), partition, id, "1");
    }

    private ProducerRecord<String, String> request(String topic, int partition, String id, String version) {
        ProducerRecord<String, String> record = new ProducerRecord<>(
                topic,
                partition,
                null,
                "{\"inputs\":[{\"name\":\"index\",\"datatype\":\"INT64\",\"shape\":[1],\"data\":[1]}]}");
        RecordHeaders.set(record.headers(), RecordHeaders.CORRELATION_ID, id);
        RecordHeaders.set(record.headers(), RecordHeaders.REPLY_TOPIC, replies);
        RecordHeaders.set(record.headers(), RecordHeaders.MODEL_VERSION, version);
        RecordHeaders.set(record.headers(), RecordHeaders.TIMEOUT_MS, "50000");
        return record;
    }

    private void commit(int partition, long offset, String metadata) throws Exception {
        ADMIN.alterConsumerGroupOffsets(
                        Topics.workerGroup(model),
                        Map.of(new TopicPartition(requests(), partition), new OffsetAndMetadata(offset, metadata)))
                .all()
                .get();
    }

    /** What operators and autoscalers see: the end minus the committed offset, over all partitions that have records. */
    private long lag() throws Exception {
        Map<TopicPartition, OffsetAndMetadata> committed = ADMIN.listConsumerGroupOffsets(Topics.workerGroup(model))
                .partitionsToOffsetAndMetadata()
                .get();
        long lag = 0;
        for (int number = 0; number < WorkerUnderTest.PARTITIONS; number++) {
            TopicPartition partition = new TopicPartition(requests(), number);
            long end = ADMIN.listOffsets(Map.of(partition, OffsetSpec.latest()))
                    .partitionResult(partition)
                    .get()
                    .offset();
            lag += end
                    - Optional.ofNullable(committed.get(partition))
                            .map(OffsetAndMetadata::offset)
                            .orElse(0L);
        }
        return lag;
    }

    private long members() throws Exception {
        return TopicContent.workers(ADMIN, model);
    }

    private static boolean isMissing(String topic) throws Exception {
        try {
            ADMIN.describeTopics(List.of(topic)).allTopicNames().get();
            return false;
        } catch (ExecutionException failed) {
            return failed.getCause() instanceof UnknownTopicOrPartitionException;
        }
    }

    private List<ConsumerRecord<String, String>> replies() {
        return read(replies);
    }

    private static List<ConsumerRecord<String, String>> read(String topic) {
        return TopicContent.read(BROKER.clients(), topic);
    }

    private static String id(ConsumerRecord<String, String> record) {
        return header(record, RecordHeaders.CORRELATION_ID);
    }
}
