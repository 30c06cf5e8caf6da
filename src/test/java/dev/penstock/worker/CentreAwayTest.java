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
import dev.penstock.protocol.Lane;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
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

/** Requests for a model whose centre is away, on a real broker. */
class CentreAwayTest {
    private static final String MODEL = "ranker";
    private static final String REPLIES = "penstock.replies.billing";

    private final BrokerWithRights broker = BrokerWithRights.start();
    private final KafkaProducer<String, String> producer =
            new KafkaProducer<>(broker.clients(), new StringSerializer(), new StringSerializer());
    private final FakeCentre centre = new FakeCentre();
    private volatile boolean isAway = true;

    @TempDir
    Path models;

    CentreAwayTest() throws IOException {}

    @BeforeEach
    void start() throws Exception {
        Files.createDirectories(models.resolve(MODEL));
        OnnxModels.writeConfig(models, MODEL, "remote: {url: '" + centre.url() + "', model: ranker}");
        centre.behaviour = call -> {
            boolean isAsked = call.getRequestMethod().equals("GET");
            String answer = isAsked ? """
                    {"name": "ranker", "platform": "onnx", "inputs": [{"name": "x", "datatype": "INT64", "shape": [-1]}],
                    "outputs": [{"name": "y", "datatype": "FP32", "shape": [-1]}]}
                    """ : """
                    {"model_name": "ranker", "outputs": [{"name": "y", "datatype": "FP32", "shape": [1], "data": [2.5]}]}
                    """;
            FakeCentre.of(isAway && !isAsked ? 503 : 200, answer.getBytes(UTF_8))
                    .answer(call);
        };
        try (Admin admin = broker.admin()) {
            WorkerUnderTest.layout().create(admin, WorkerUnderTest.layout().shared());
            WorkerUnderTest.layout().create(admin, WorkerUnderTest.layout().ofModel(MODEL));
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
    void onlyWhoWaitsForItFailsAndTheRestIsAnsweredWhenItIsBack() throws Exception {
        try (WorkerUnderTest worker = worker()) {
            send("of a system", REPLIES);
            send("of a poller", Topics.RESULTS);
            soon().until(() -> !centre.calls.isEmpty());
            send("of a call", Topics.REPLIES);
            soon().until(() -> outcomes(Topics.REPLIES).equals(List.of("of a call failed")));
            assertThat(outcomes(REPLIES)).isEmpty();
            assertThat(outcomes(Topics.RESULTS)).isEmpty();

            isAway = false;
            soon().until(() -> outcomes(REPLIES).equals(List.of("of a system succeeded"))
                    && outcomes(Topics.RESULTS).equals(List.of("of a poller succeeded")));
        }
    }

    @Test
    void aWorkerThatStopsLeavesWhatWaitsToTheNext() throws Exception {
        try (WorkerUnderTest worker = worker()) {
            send("patient", REPLIES);
            soon().until(() -> centre.calls.size() > 2);
        }
        assertThat(outcomes(REPLIES)).isEmpty();
        isAway = false;
        try (WorkerUnderTest next = worker()) {
            soon().until(() -> outcomes(REPLIES).equals(List.of("patient succeeded")));
        }
    }

    private static ConditionFactory soon() {
        return await().atMost(Duration.ofSeconds(40));
    }

    private WorkerUnderTest worker() throws Exception {
        Map<String, String> settings =
                Map.of("penstock.worker.centres", centre.url().toString());
        return new WorkerUnderTest(broker.clients(), models, settings).start();
    }

    private void send(String id, String replyTopic) throws ExecutionException, InterruptedException {
        ProducerRecord<String, String> request = new ProducerRecord<>(
                Topics.requests(MODEL, Lane.INTERACTIVE),
                0,
                null,
                "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"INT64\",\"shape\":[1],\"data\":[1]}]}");
        RecordHeaders.set(request.headers(), RecordHeaders.CORRELATION_ID, id);
        RecordHeaders.set(request.headers(), RecordHeaders.REPLY_TOPIC, replyTopic);
        RecordHeaders.set(request.headers(), RecordHeaders.TIMEOUT_MS, "50000");
        producer.send(request).get();
    }

    /** Each reply's id and status. */
    private List<String> outcomes(String topic) {
        return TopicContent.read(broker.clients(), topic).stream()
                .map(reply -> header(reply, RecordHeaders.CORRELATION_ID) + " " + header(reply, RecordHeaders.STATUS))
                .toList();
    }
}
