package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.local.LocalStack;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.samples.DigitsTable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What an ingress and a worker, each in a process of its own, tell of requests: traces, exemplars, and log lines as JSON. */
class ObservedRolesIT {
    private static final String INFER = "/v2/models/digits/infer";
    private static final String REQUESTS = "penstock.digits.requests";
    private static final String REPLIES = "penstock.replies.observed";
    private static final String SECRET = "a7f3-the-payload-of-somebody";
    private static final String BODY =
            Digits.request(DigitsTable.load().heldOut().getFirst());
    private static final long SERVER = 2;
    private static final long PRODUCER = 4;
    private static final long CONSUMER = 5;

    private static final LocalStack stack = LocalStack.start();
    private static OtlpReceiver receiver;
    private static RoleProcess ingress;
    private static RoleProcess worker;
    private static Service service;
    private static Service workersManagement;
    private static KafkaProducer<String, String> producer;

    @BeforeAll
    static void start() throws Exception {
        receiver = new OtlpReceiver();
        int port = RoleProcess.freePort();
        int management = RoleProcess.freePort();
        ingress =
                role("ingress", RoleProcess.freePort(), "--port", Integer.toString(port), "--redis", stack.redisUrl());
        worker = role("worker", management);
        service = new Service(URI.create("http://127.0.0.1:" + port));
        workersManagement = new Service(URI.create("http://127.0.0.1:" + management));
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", stack.bootstrapServers()))) {
            admin.createTopics(List.of(new NewTopic(REPLIES, 1, (short) 1)))
                    .all()
                    .get();
        }
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", stack.bootstrapServers()), new StringSerializer(), new StringSerializer());
        service.awaitModel("digits");
    }

    @AfterAll
    static void stop() {
        producer.close();
        worker.close();
        ingress.close();
        receiver.close();
        stack.close();
    }

    @Test
    void aCallIsOneTraceFromHttpToTheReply() {
        Parent parent = new Parent();

        Service.Answer answer = service.post(INFER, BODY, "traceparent", parent.header(), "tracestate", "a=1,b=2");

        assertThat(answer.status()).isEqualTo(200);
        eventually(() -> {
            OtlpReceiver.Span server = span(parent, "POST /v2/models/{model}/infer");
            OtlpReceiver.Span sending = span(parent, "send " + REQUESTS);
            OtlpReceiver.Span process = span(parent, "process " + REQUESTS);
            OtlpReceiver.Span run = span(parent, "run");
            assertThat(server.parent()).isEqualTo(parent.span);
            assertThat(server.kind()).isEqualTo(SERVER);
            assertThat(server.attributes())
                    .containsEntry("http.response.status_code", "200")
                    .containsEntry("url.path", INFER)
                    .containsEntry("messaging.message.conversation_id", answer.header("Penstock-Request-Id"));
            assertThat(sending.parent()).isEqualTo(server.id());
            assertThat(sending.kind()).isEqualTo(PRODUCER);
            assertThat(process.parent()).isEqualTo(sending.id());
            assertThat(process.kind()).isEqualTo(CONSUMER);
            assertThat(process.attributes())
                    .containsEntry("messaging.system", "kafka")
                    .containsEntry("penstock.model", "digits")
                    .containsEntry("penstock.outcome", "succeeded");
            assertThat(span(parent, "queue").parent()).isEqualTo(process.id());
            assertThat(run.parent()).isEqualTo(process.id());
            assertThat(span(parent, "send penstock.replies").parent()).isEqualTo(process.id());
            assertThat(receiver.spansOf(parent.trace)).allSatisfy(span -> {
                assertThat(span.state()).isEqualTo("a=1,b=2");
                assertThat(span.error()).isFalse();
            });
            assertThat(receiver.spans())
                    .filteredOn(span -> run.links().contains(span.id()))
                    .singleElement()
                    .satisfies(batch -> {
                        assertThat(batch.name()).isEqualTo("batch");
                        assertThat(batch.links()).contains(process.id());
                    });
        });
    }

    @Test
    void aLookupOfFeaturesIsPartOfTheTrace() {
        service.awaitModel("churn");
        Parent parent = new Parent();

        Service.Answer answer = service.post(
                "/v2/models/churn/infer",
                "{\"inputs\":[{\"name\":\"customer_id\",\"datatype\":\"INT64\",\"shape\":[1],\"data\":[1]}]}",
                "traceparent",
                parent.header());

        assertThat(answer.status()).isEqualTo(200);
        eventually(() -> assertThat(span(parent, "features").parent())
                .isEqualTo(span(parent, "process penstock.churn.requests").id()));
    }

    @Test
    void aForeignRecordAndItsReplyAreInTheTraceOfItsSender() {
        Parent parent = new Parent();

        ConsumerRecord<String, String> reply = awaitReply(
                send(BODY, Map.of("traceparent", parent.header(), "tracestate", "a=1", "reply-topic", REPLIES)));

        eventually(() -> {
            OtlpReceiver.Span process = span(parent, "process " + REQUESTS);
            OtlpReceiver.Span sending = span(parent, "send " + REPLIES);
            assertThat(process.parent()).isEqualTo(parent.span);
            assertThat(sending.parent()).isEqualTo(process.id());
            assertThat(header(reply, "traceparent")).isEqualTo("00-" + parent.trace + "-" + sending.id() + "-01");
            assertThat(header(reply, "tracestate")).isEqualTo("a=1");
        });
    }

    @Test
    void failuresAreTheStatusOfSpans() {
        Parent ofRecord = new Parent();
        Parent ofCall = new Parent();

        send("not JSON", Map.of("traceparent", ofRecord.header()));
        service.post("/v2/models/nobody/infer", BODY, "traceparent", ofCall.header());

        eventually(() -> {
            OtlpReceiver.Span process = span(ofRecord, "process " + REQUESTS);
            assertThat(process.error()).isTrue();
            assertThat(process.attributes())
                    .containsEntry("penstock.outcome", "failed")
                    .containsEntry("error.type", "tag:penstock.dev,2026:problem/invalid-request");
            OtlpReceiver.Span refused = span(ofCall, "POST /v2/models/{model}/infer");
            assertThat(refused.error()).isFalse();
            assertThat(refused.attributes()).containsEntry("http.response.status_code", "404");
        });
    }

    @Test
    void whatIsNotSampledHasNoSpansAndGoesOnUnsampled() {
        Parent parent = new Parent();

        String id = send(BODY, Map.of("traceparent", parent.header("00"), "tracestate", "a=1", "reply-topic", REPLIES));
        ConsumerRecord<String, String> reply = awaitReply(id);

        assertThat(header(reply, "traceparent")).isEqualTo(parent.header("00"));
        assertThat(header(reply, "tracestate")).isEqualTo("a=1");
        awaitSpansOfALaterCall();
        assertThat(receiver.spansOf(parent.trace)).isEmpty();
    }

    /** Spans go out in order: those of a call before it are there, too. */
    private void awaitSpansOfALaterCall() {
        Parent parent = new Parent();
        service.post(INFER, BODY, "traceparent", parent.header());
        eventually(() -> {
            span(parent, "run");
            span(parent, "send penstock.replies");
        });
    }

    @Test
    void aBucketOfLatenciesNamesATrace() {
        Set<String> traces = Stream.generate(Parent::new)
                .limit(20)
                .peek(parent -> send(BODY, Map.of("traceparent", parent.header(), "reply-topic", REPLIES)))
                .map(Parent::trace)
                .collect(Collectors.toSet());

        eventually(() -> {
            String metrics = new String(
                    workersManagement
                            .get(
                                    "/q/metrics",
                                    "Accept",
                                    "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
                            .body(),
                    UTF_8);
            assertThat(metrics).contains("inference_latency_seconds_bucket");
            assertThat(metrics.lines().filter(line -> line.startsWith("inference_latency_seconds_bucket")))
                    .anySatisfy(line -> assertThat(line).contains("# {", "trace_id=\""));
            assertThat(receiver.spans())
                    .anySatisfy(span -> assertThat(span.trace()).isIn(traces));
        });
    }

    @Test
    void everyLogLineIsOneJsonObjectAndNoneQuotesAPayload() throws Exception {
        String name = "{\"inputs\":[{\"name\":\"" + SECRET + "\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[1]}]}";
        String value = BODY.replaceFirst("\"data\":\\[[0-9]+", "\"data\":[\"" + SECRET + "\"");
        for (String bad : List.of(SECRET, "{\"" + SECRET + "\":1}", name, value)) {
            assertThat(service.post(INFER, bad).status()).isEqualTo(400);
            assertThat(service.post("/v2/models/" + SECRET + "/infer", bad).status())
                    .isEqualTo(404);
            awaitReply(send(bad, Map.of("reply-topic", REPLIES)));
            send(bad, Map.of("reply-topic", "penstock.replies." + SECRET));
            sendTo("penstock.results", bad, Map.of("status", SECRET));
            sendTo("penstock.cancellations", bad, Map.of("deadline-ms", SECRET));
        }
        // The topic takes no dead letter from now on: the line about the next one names the request.
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", stack.bootstrapServers()))) {
            admin.incrementalAlterConfigs(Map.of(
                            new ConfigResource(ConfigResource.Type.TOPIC, "penstock.digits.dead-letters"),
                            List.of(new AlterConfigOp(
                                    new ConfigEntry("max.message.bytes", "100"), AlterConfigOp.OpType.SET))))
                    .all()
                    .get();
        }
        String id = send("{\"" + SECRET, Map.of());

        eventually(() -> assertThat(lines(worker)).anySatisfy(line -> {
            assertThat(line.path("level").asText()).isEqualTo("ERROR");
            assertThat(line.at("/mdc/request").asText()).isEqualTo(id);
            assertThat(line.at("/mdc/model").asText()).isEqualTo("digits");
            assertThat(line.path("message").asText()).contains("Model digits, request " + id);
        }));
        for (RoleProcess process : List.of(ingress, worker)) {
            assertThat(process.log()).doesNotContain(SECRET);
            assertThat(process.log().lines()).noneMatch(line -> line.matches("\\d{4}-\\d\\d-\\d\\d .*"));
            assertThat(lines(process))
                    .isNotEmpty()
                    .allSatisfy(
                            line -> assertThat(line.path("message").asText()).isNotEmpty());
        }
    }

    private static void eventually(ThrowingRunnable assertion) {
        await().atMost(Duration.ofSeconds(60)).untilAsserted(assertion);
    }

    /** The log lines of a process; the others are what {@code up} prints for people. */
    private static List<JsonNode> lines(RoleProcess process) throws IOException {
        return process.log()
                .lines()
                .filter(line -> line.startsWith("{"))
                .map(ObservedRolesIT::json)
                .toList();
    }

    private static JsonNode json(String line) {
        try {
            return Service.JSON.readTree(line);
        } catch (JsonProcessingException broken) {
            throw new UncheckedIOException(line, broken);
        }
    }

    private static OtlpReceiver.Span span(Parent parent, String name) {
        List<OtlpReceiver.Span> found = receiver.spansOf(parent.trace).stream()
                .filter(span -> span.name().equals(name))
                .toList();
        assertThat(found)
                .as("spans '%s' among %s", name, receiver.spansOf(parent.trace))
                .hasSize(1);
        return found.getFirst();
    }

    private static String send(String value, Map<String, String> headers) {
        return sendTo(REQUESTS, value, headers);
    }

    private static String sendTo(String topic, String value, Map<String, String> headers) {
        String id = UUID.randomUUID().toString();
        ProducerRecord<String, String> record = new ProducerRecord<>(topic, value);
        headers.forEach((name, text) -> record.headers().add(name, text.getBytes(UTF_8)));
        record.headers().add("correlation-id", id.getBytes(UTF_8));
        producer.send(record);
        producer.flush();
        return id;
    }

    private static ConsumerRecord<String, String> awaitReply(String id) {
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", stack.bootstrapServers(), "fetch.max.wait.ms", 10),
                new StringDeserializer(),
                new StringDeserializer())) {
            List<TopicPartition> all = List.of(new TopicPartition(REPLIES, 0));
            consumer.assign(all);
            consumer.seekToBeginning(all);
            List<ConsumerRecord<String, String>> found = new ArrayList<>();
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                consumer.poll(Duration.ofMillis(200)).forEach(reply -> {
                    if (header(reply, "correlation-id").equals(id)) {
                        found.add(reply);
                    }
                });
                return !found.isEmpty();
            });
            return found.getFirst();
        }
    }

    private static String header(ConsumerRecord<?, ?> record, String name) {
        return RecordHeaders.text(record.headers(), name).orElse("");
    }

    private static RoleProcess role(String role, int managementPort, String... more) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(
                "up",
                "--role",
                role,
                "--management-port",
                Integer.toString(managementPort),
                "--kafka",
                stack.bootstrapServers()));
        arguments.addAll(List.of(more));
        return new RoleProcess(
                arguments,
                Map.of(
                        "PENSTOCK_TRACING_ENDPOINT", receiver.url(),
                        "PENSTOCK_TRACING_PROTOCOL", "http/protobuf",
                        "PENSTOCK_TRACING_SAMPLING_RATIO", "0",
                        "QUARKUS_OTEL_BSP_SCHEDULE_DELAY", "100ms",
                        "PENSTOCK_LOG_JSON", "true"));
    }

    /** The caller's own span. */
    private record Parent(String trace, String span) {
        Parent() {
            this(UUID.randomUUID().toString().replace("-", ""), "00f067aa0ba902b7");
        }

        String header() {
            return header("01");
        }

        String header(String flags) {
            return "00-" + trace + "-" + span + "-" + flags;
        }
    }
}
