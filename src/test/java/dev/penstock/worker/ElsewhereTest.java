package dev.penstock.worker;

import static dev.penstock.local.TopicContent.header;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.local.BrokerWithRights;
import dev.penstock.local.TopicContent;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Topics;
import dev.penstock.model.OnnxModels;
import dev.penstock.model.remote.FakeCentre;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model that runs in two places, on a real broker: at a centre, and here. */
class ElsewhereTest {
    private static final String REPLIES = "penstock.replies.billing";
    private static final String INPUT =
            "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[1,3],\"data\":[1,2,3]}]}";

    private final BrokerWithRights broker = BrokerWithRights.start();
    private final KafkaProducer<String, String> producer =
            new KafkaProducer<>(broker.clients(), new StringSerializer(), new StringSerializer());
    private final FakeCentre centre = new FakeCentre();
    private final Queue<String> asked = new ConcurrentLinkedQueue<>();
    private volatile boolean isAway;

    @TempDir
    Path models;

    @TempDir
    Path storage;

    ElsewhereTest() throws IOException {}

    @BeforeEach
    void start() throws Exception {
        centre.behaviour = call -> {
            String path = call.getRequestURI().getPath();
            if (path.startsWith("/files/") && !isAway) {
                FakeCentre.of(200, Files.readAllBytes(storage.resolve(path.substring(1))))
                        .answer(call);
                return;
            }
            boolean isMetadata = path.equals("/v2/models/ranker");
            asked.add(call.getRequestURI().getPath());
            FakeCentre.of(isAway && !isMetadata ? 503 : 200, (isMetadata ? """
                    {"name": "ranker", "platform": "onnx", "versions": ["3"], "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 3]}],
                    "outputs": [{"name": "y", "datatype": "FP32", "shape": [-1, 3]}]}
                    """ : """
                    {"model_name": "ranker",
                    "outputs": [{"name": "y", "datatype": "FP32", "shape": [1, 3], "data": [7, 7, 7]}]}
                    """).getBytes(UTF_8))
                    .answer(call);
        };
        try (Admin admin = broker.admin()) {
            WorkerUnderTest.layout().create(admin, WorkerUnderTest.layout().shared());
            admin.createTopics(List.of(new NewTopic(REPLIES, 1, (short) 1)))
                    .all()
                    .get();
        }
    }

    @AfterEach
    void stop() {
        producer.close();
        centre.close();
        broker.close();
    }

    @Test
    void theFallbackAnswersInItsOwnNameWhileTheCentreIsAway() throws Exception {
        OnnxModels.write(models, "small", 1, OnnxModels.identity(Datatype.FP32));
        remote("fallback: small");
        isAway = true;
        try (WorkerUnderTest worker = worker()) {
            send("away", Topics.REPLIES);
            soon().until(() -> replies(Topics.REPLIES).size() == 1);
            assertThat(replies(Topics.REPLIES).getFirst())
                    .contains("away succeeded", "\"fallback\":true", "\"served_by\":\"small\"", "[1.0,2.0,3.0]");
            assertThat(worker.count("inference.fallback.answers", "model", "ranker"))
                    .isEqualTo(1);

            isAway = false;
            int before = asked.size();
            soon().until(() -> {
                send("again", REPLIES);
                return asked.size() > before;
            });
            soon().until(() -> replies(REPLIES).stream().anyMatch(reply -> reply.contains("[7.0,7.0,7.0]")));
            assertThat(replies(REPLIES))
                    .filteredOn(reply -> reply.contains("[7.0,7.0,7.0]"))
                    .noneMatch(reply -> reply.contains("fallback"));
        }
    }

    @Test
    void aModelWhoseCentreIsNeverAskedIsItsFallbacks() throws Exception {
        OnnxModels.write(models, "small", 1, OnnxModels.identity(Datatype.FP32));
        remote("fallback: small", "use: never");
        try (WorkerUnderTest worker = worker()) {
            send("a", REPLIES);
            soon().until(() -> replies(REPLIES).size() == 1);
            assertThat(replies(REPLIES).getFirst()).contains("a succeeded", "\"served_by\":\"small\"");
            assertThat(worker.isReady()).isTrue();
        }
        assertThat(asked).isEmpty();
    }

    @Test
    void aFallbackMustBeServedHereAndTakeTheSame() throws Exception {
        remote("fallback: small");
        assertThat(refusal()).contains("its fallback 'small' must be a model with files in the same repository");
        OnnxModels.write(models, "small", 1, OnnxModels.identity(Datatype.INT64));
        assertThat(refusal()).contains("small has input 'x' as INT64 of shape [-1, 3], not FP32 of shape [-1, 3]");
    }

    @Test
    void versionsThatAreMissingAreFetched() throws Exception {
        Path file = OnnxModels.write(storage, "files", 3, OnnxModels.identity(Datatype.FP32));
        Files.writeString(file.resolveSibling("SHA256SUMS"), Sha256.hex(Files.readAllBytes(file)) + "  model.onnx\n");
        remote("", "use: overflow, files: {url: '" + centre.url() + "/files'}");
        isAway = true;
        WorkerUnderTest worker = unstarted();
        try (ExecutorService starting = Executors.newSingleThreadExecutor();
                worker) {
            Future<?> started = starting.submit(() -> worker.start(() -> false));
            soon().until(() -> lastStatus("ranker").contains("status 503"));
            assertThat(worker.isReady()).isFalse();
            assertThat(worker.missing()).startsWith("model ranker: ").contains("status 503");
            isAway = false;
            started.get();
            assertThat(worker.isReady()).isTrue();
            assertThat(models.resolve("ranker/3/model.onnx")).hasSameBinaryContentAs(file);
            send("a", REPLIES);
            soon().until(() -> replies(REPLIES).size() == 1);
            assertThat(replies(REPLIES).getFirst()).contains("a succeeded", "[1.0,2.0,3.0]");
            assertThat(lastStatus("ranker")).as("deleted").isEmpty();
        }
    }

    @Test
    void whatIsHereServesWhileTheSourceOfNewVersionsIsAway() throws Exception {
        OnnxModels.write(models, "ranker", 2, OnnxModels.identity(Datatype.FP32));
        remote("", "use: overflow, files: {url: '" + centre.url() + "/files'}");
        isAway = true;
        try (WorkerUnderTest worker = worker()) {
            assertThat(worker.isReady()).isTrue();
        }
    }

    @Test
    void theCentreRunsWhatIsTooMuchHere() throws Exception {
        OnnxModels.write(models, "ranker", 2, OnnxModels.identity(Datatype.FP32));
        remote("max_batch_size: 1", "use: overflow");
        try (WorkerUnderTest worker = worker()) {
            for (int i = 0; i < 300; i++) {
                producer.send(request("r" + i, REPLIES));
            }
            soon().until(() -> replies(REPLIES).size() == 300);
            assertThat(replies(REPLIES)).allMatch(reply -> reply.contains("succeeded"));
            assertThat(asked).isNotEmpty().containsOnly("/v2/models/ranker/versions/2/infer");
            assertThat(replies(REPLIES).stream()
                            .filter(reply -> reply.contains("[7.0,7.0,7.0]"))
                            .count())
                    .isPositive()
                    .isEqualTo((long) worker.count("inference.overflow.answers", "model", "ranker"));

            int before = asked.size();
            for (int i = 0; i < 300; i++) {
                ProducerRecord<String, String> request = request("e" + i, REPLIES);
                RecordHeaders.set(request.headers(), RecordHeaders.HOPS, "1");
                producer.send(request);
            }
            soon().until(() -> replies(REPLIES).size() == 600);
            assertThat(asked).as("what an edge has sent runs here").hasSize(before);
        }
    }

    private static ConditionFactory soon() {
        return await().atMost(Duration.ofSeconds(40));
    }

    private void remote(String yaml) throws IOException {
        remote(yaml, "use: centre");
    }

    private void remote(String yaml, String use) throws IOException {
        Files.createDirectories(models.resolve("ranker"));
        OnnxModels.writeConfig(
                models, "ranker", yaml + "\nremote: {url: '" + centre.url() + "', model: ranker, " + use + "}");
    }

    private WorkerUnderTest worker() throws Exception {
        return unstarted().start();
    }

    private WorkerUnderTest unstarted() throws Exception {
        Map<String, String> settings =
                Map.of("penstock.worker.centres", centre.url().toString());
        return new WorkerUnderTest(broker.clients(), models, settings);
    }

    /** What the worker said last of the whole model; empty once that is deleted. */
    private String lastStatus(String model) {
        return TopicContent.read(broker.clients(), Topics.MODELS).stream()
                .filter(record -> record.key().startsWith("~" + model + "//"))
                .reduce((earlier, later) -> later)
                .map(record -> record.value() == null ? "" : record.value())
                .orElse("");
    }

    /** What a worker says of the models that it does not serve. */
    private String refusal() throws Exception {
        try (WorkerUnderTest worker = worker()) {
            soon().until(() -> TopicContent.read(broker.clients(), Topics.MODELS).stream()
                    .anyMatch(record -> record.value() != null && record.value().contains("ranker")));
            return TopicContent.read(broker.clients(), Topics.MODELS).stream()
                    .filter(record -> record.value() != null)
                    .map(record -> record.value())
                    .toList()
                    .toString();
        }
    }

    private void send(String id, String replyTopic) throws Exception {
        producer.send(request(id, replyTopic)).get();
    }

    private static ProducerRecord<String, String> request(String id, String replyTopic) {
        ProducerRecord<String, String> request =
                new ProducerRecord<>(Topics.requests("ranker", Lane.INTERACTIVE), 0, null, INPUT);
        RecordHeaders.set(request.headers(), RecordHeaders.CORRELATION_ID, id);
        RecordHeaders.set(request.headers(), RecordHeaders.REPLY_TOPIC, replyTopic);
        RecordHeaders.set(request.headers(), RecordHeaders.TIMEOUT_MS, "50000");
        return request;
    }

    /** Each reply's id, status and value. */
    private List<String> replies(String topic) {
        return TopicContent.read(broker.clients(), topic).stream()
                .map(reply -> header(reply, RecordHeaders.CORRELATION_ID) + " " + header(reply, RecordHeaders.STATUS)
                        + " " + reply.value())
                .toList();
    }
}
