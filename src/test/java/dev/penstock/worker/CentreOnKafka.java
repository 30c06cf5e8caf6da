package dev.penstock.worker;

import static dev.penstock.local.TopicContent.header;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import dev.penstock.local.BrokerWithRights;
import dev.penstock.local.TopicContent;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Topics;
import dev.penstock.model.OnnxModels;
import dev.penstock.model.remote.FakeCentre;
import dev.penstock.protocol.Lane;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.core.ConditionFactory;

/** A centre that has the model {@code ranker}, and a real broker with the requests for it. */
final class CentreOnKafka implements AutoCloseable {
    /** The reply topic of another system. */
    static final String REPLIES = "penstock.replies.billing";

    static final String MODEL = "ranker";

    private final BrokerWithRights broker = BrokerWithRights.start();
    private final KafkaProducer<String, String> producer =
            new KafkaProducer<>(broker.clients(), new StringSerializer(), new StringSerializer());
    private final FakeCentre centre = new FakeCentre();
    private final Path models;

    /** The paths that were asked for, without those of files. */
    final Queue<String> asked = new ConcurrentLinkedQueue<>();

    /** What was sent to them. */
    final Queue<String> sent = new ConcurrentLinkedQueue<>();

    /** Whether it runs nothing, and has no files. */
    volatile boolean isAway;

    /** Whether it does not even say what its model takes. */
    volatile boolean isSilent;

    volatile String metadata = """
            {"name": "ranker", "platform": "onnx", "versions": ["3"], "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 3]}],
            "outputs": [{"name": "y", "datatype": "FP32", "shape": [-1, 3]}]}
            """;

    volatile String answer = """
            {"model_name": "ranker",
            "outputs": [{"name": "y", "datatype": "FP32", "shape": [1, 3], "data": [7, 7, 7]}]}
            """;

    /** @param models the edge's */
    CentreOnKafka(Path models, Path storage) throws IOException, ExecutionException, InterruptedException {
        this.models = models;
        centre.behaviour = call -> {
            String path = call.getRequestURI().getPath();
            if (path.startsWith("/files/") && !isAway) {
                FakeCentre.of(200, Files.readAllBytes(storage.resolve(path.substring(1))))
                        .answer(call);
            } else {
                answer(call, path);
            }
        };
        try (Admin admin = broker.admin()) {
            WorkerUnderTest.layout().create(admin, WorkerUnderTest.layout().shared());
            WorkerUnderTest.layout().create(admin, WorkerUnderTest.layout().ofModel(MODEL));
            admin.createTopics(List.of(new NewTopic(REPLIES, 1, (short) 1)))
                    .all()
                    .get();
        }
    }

    private void answer(HttpExchange call, String path) throws IOException {
        boolean isMetadata = path.equals("/v2/models/" + MODEL);
        asked.add(path);
        sent.add(new String(call.getRequestBody().readAllBytes(), ISO_8859_1));
        boolean isRefused = isSilent || (isAway && !isMetadata);
        FakeCentre.of(isRefused ? 503 : 200, (isMetadata ? metadata : answer).getBytes(UTF_8))
                .answer(call);
    }

    /** Where its files are. */
    String files() {
        return centre.url() + "/files";
    }

    /** How many calls it had, whatever for. */
    int calls() {
        return centre.calls.size();
    }

    /**
     * Writes the edge's model.yaml.
     *
     * @param yaml what is beside {@code remote}
     * @param use further keys of {@code remote}
     */
    void configure(String yaml, String use) throws IOException {
        Files.createDirectories(models.resolve(MODEL));
        OnnxModels.writeConfig(
                models, MODEL, yaml + "\nremote: {url: '" + centre.url() + "', model: " + MODEL + ", " + use + "}");
    }

    /** The edge's worker, not started. */
    WorkerUnderTest worker() throws Exception {
        Map<String, String> settings =
                Map.of("penstock.worker.centres", centre.url().toString());
        return new WorkerUnderTest(broker.clients(), models, settings);
    }

    ProducerRecord<String, String> request(String id, String replyTopic, String input) {
        ProducerRecord<String, String> request =
                new ProducerRecord<>(Topics.requests(MODEL, Lane.INTERACTIVE), 0, null, input);
        RecordHeaders.set(request.headers(), RecordHeaders.CORRELATION_ID, id);
        RecordHeaders.set(request.headers(), RecordHeaders.REPLY_TOPIC, replyTopic);
        RecordHeaders.set(request.headers(), RecordHeaders.TIMEOUT_MS, "50000");
        return request;
    }

    /** Does not wait until the broker has it. */
    void send(ProducerRecord<String, String> request) {
        producer.send(request);
    }

    void send(String id, String replyTopic, String input) throws ExecutionException, InterruptedException {
        producer.send(request(id, replyTopic, input)).get();
    }

    /** Each reply's id and status. */
    List<String> outcomes(String topic) {
        return TopicContent.read(broker.clients(), topic).stream()
                .map(CentreOnKafka::outcome)
                .toList();
    }

    /** Each reply's id, status and value. */
    List<String> replies(String topic) {
        return TopicContent.read(broker.clients(), topic).stream()
                .map(reply -> outcome(reply) + " " + reply.value())
                .toList();
    }

    private static String outcome(ConsumerRecord<String, String> reply) {
        return header(reply, RecordHeaders.CORRELATION_ID) + " " + header(reply, RecordHeaders.STATUS);
    }

    /** What workers say of the models that they do not serve. */
    List<String> statuses() {
        return TopicContent.read(broker.clients(), Topics.MODELS).stream()
                .filter(record -> record.value() != null)
                .map(record -> record.value())
                .toList();
    }

    /**
     * What a worker said last; empty once that is deleted.
     *
     * @param model its name, with a slash and a version unless it is the whole model
     */
    String lastStatus(String model) {
        String key = "~" + model + (model.contains("/") ? "/" : "//");
        return TopicContent.read(broker.clients(), Topics.MODELS).stream()
                .filter(record -> record.key().startsWith(key))
                .reduce((earlier, later) -> later)
                .map(record -> record.value() == null ? "" : record.value())
                .orElse("");
    }

    static ConditionFactory soon() {
        return await().atMost(Duration.ofSeconds(40));
    }

    @Override
    public void close() {
        producer.close();
        centre.close();
        broker.close();
    }
}
