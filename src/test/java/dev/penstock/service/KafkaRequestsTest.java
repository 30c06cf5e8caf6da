package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.messages.CommitNote;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Topics;
import dev.penstock.samples.DigitsTable;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Other systems send requests with plain Kafka clients, using the topic contract only. */
@WholeService
class KafkaRequestsTest {
    private static final String REQUESTS = "penstock.digits.requests";
    private static final DigitsTable.Row ROW = DigitsTable.load().heldOut().getFirst();

    @Inject
    MeterRegistry meters;

    private KafkaProducer<String, String> producer;

    @BeforeEach
    void connect() {
        Service.underTest().awaitModel("digits");
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", ServiceStack.bootstrapServers()),
                new StringSerializer(),
                new StringSerializer());
    }

    @AfterEach
    void disconnect() {
        producer.close();
    }

    @Test
    void answersAProducerThatSendsTwoHeadersOnly() {
        String id = send(Digits.request(ROW), Map.of("reply-topic", ServiceStack.REPLIES));
        ConsumerRecord<String, String> reply = awaitRecord(ServiceStack.REPLIES, id);
        assertThat(header(reply, "status")).hasValue("succeeded");
        assertThat(header(reply, "model")).hasValue("digits");
        assertThat(header(reply, "model-version")).hasValue("1");
        assertThat(header(reply, "content-type")).hasValue("application/json");
        assertThat(header(reply, "batch-size").map(Integer::parseInt))
                .hasValueSatisfying(size -> assertThat(size).isPositive());
        for (String timing : List.of("queue-ms", "features-ms", "compute-ms")) {
            assertThat(header(reply, timing).map(Double::parseDouble))
                    .hasValueSatisfying(millis -> assertThat(millis).isNotNegative());
        }
        assertThat(reply.value()).contains("\"model_name\":\"digits\"").contains("\"name\":\"digit\"");
    }

    @Test
    void echoesTraceContext() {
        String id = send(
                Digits.request(ROW),
                Map.of(
                        "reply-topic", ServiceStack.REPLIES,
                        "traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                        "tracestate", "a=1,b=2",
                        "X-B3-TraceId", "80f198ee56343ba864fe8b2a57d3eff7",
                        "b3", "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1"));
        ConsumerRecord<String, String> reply = awaitRecord(ServiceStack.REPLIES, id);
        assertThat(header(reply, "traceparent")).hasValue("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        assertThat(header(reply, "tracestate")).hasValue("a=1,b=2");
        assertThat(header(reply, "X-B3-TraceId")).hasValue("80f198ee56343ba864fe8b2a57d3eff7");
        assertThat(header(reply, "b3")).hasValue("80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1");
    }

    @Test
    void theRecordOfACallHasItsTraceContext() {
        Service.Answer answer = Service.underTest()
                .post(
                        "/v2/models/digits/infer",
                        Digits.request(ROW),
                        "traceparent",
                        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                        "tracestate",
                        "a=1",
                        "tracestate",
                        "b=2",
                        "X-B3-TraceId",
                        "80f198ee56343ba864fe8b2a57d3eff7");
        ConsumerRecord<String, String> record = awaitRecord(REQUESTS, answer.header("Penstock-Request-Id"));
        assertThat(header(record, "traceparent")).hasValue("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        assertThat(header(record, "tracestate")).hasValue("a=1,b=2");
        assertThat(header(record, "x-b3-traceid")).hasValue("80f198ee56343ba864fe8b2a57d3eff7");
    }

    /** As Spring's replying template sends it. */
    @Test
    void returnsABinaryCorrelationIdAsItCame() {
        byte[] id = new byte[16];
        ThreadLocalRandom.current().nextBytes(id);
        id[0] = (byte) 0xff; // never UTF-8
        ProducerRecord<String, String> record = new ProducerRecord<>(REQUESTS, Digits.request(ROW));
        record.headers().add("correlation-id", id).add("reply-topic", ServiceStack.REPLIES.getBytes(UTF_8));
        producer.send(record);

        ConsumerRecord<String, String> reply = awaitRecord(ServiceStack.REPLIES, id);

        assertThat(header(reply, "status")).hasValue("succeeded");
        assertThat(header(reply, "penstock-source"))
                .hasValueSatisfying(source -> assertThat(source).matches(REQUESTS + "/[0-9]+/[0-9]+"));
    }

    @Test
    void repliesToThePartitionThatIsNamed() {
        String id = send(Digits.request(ROW), Map.of("reply-topic", ServiceStack.REPLIES, "reply-partition", "2"));
        assertThat(awaitRecord(ServiceStack.REPLIES, id).partition()).isEqualTo(2);
    }

    @Test
    void deadLettersAnUndecodableRecordWithTheReason() {
        String id = send("not JSON", Map.of("reply-topic", ServiceStack.REPLIES));
        ConsumerRecord<String, String> reply = awaitRecord(ServiceStack.REPLIES, id);
        assertThat(header(reply, "status")).hasValue("failed");
        assertThat(header(reply, "content-type")).hasValue("application/problem+json");
        assertThat(reply.value()).contains("invalid-request");
        ConsumerRecord<String, String> dead = awaitRecord("penstock.digits.dead-letters", id);
        assertThat(dead.value()).isEqualTo("not JSON");
        assertThat(header(dead, "penstock-error")).isPresent();
        assertThat(header(dead, "penstock-attempts")).hasValue("0");
        assertThat(header(dead, "penstock-source-topic")).hasValue(REQUESTS);
        assertThat(header(dead, "penstock-source-partition")).isPresent();
        assertThat(header(dead, "penstock-source-offset")).isPresent();
    }

    /** A topic whose records are too small for any reply. */
    @Test
    void countsTheRunsOfARequestWhoseReplyCannotBeDelivered() throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", ServiceStack.bootstrapServers()))) {
            NewTopic narrow = new NewTopic("penstock.replies.narrow", 1, (short) 1);
            admin.createTopics(List.of(narrow.configs(Map.of("max.message.bytes", "16"))))
                    .all()
                    .get();
        }
        String id = send(Digits.request(ROW), Map.of("reply-topic", "penstock.replies.narrow"));
        ConsumerRecord<String, String> dead = awaitRecord("penstock.digits.dead-letters", id);
        assertThat(header(dead, "penstock-attempts")).hasValue("1");
        assertThat(header(dead, "penstock-error"))
                .hasValueSatisfying(error -> assertThat(error)
                        .contains("the reply could not be delivered to topic penstock.replies.narrow"));
    }

    @Test
    void doesNotReplyToTopicsThatAreNotAllowed() {
        String id = send(Digits.request(ROW), Map.of("reply-topic", ServiceStack.FORBIDDEN_REPLIES));
        ConsumerRecord<String, String> dead = awaitRecord("penstock.digits.dead-letters", id);
        assertThat(header(dead, "penstock-error"))
                .hasValueSatisfying(error -> assertThat(error).contains("penstock.replies.allowed-topics"));
        assertThat(header(dead, "penstock-attempts")).hasValue("0");
    }

    @Test
    void doesNotReplyToTopicsThatDoNotExist() {
        String id = send(Digits.request(ROW), Map.of("reply-topic", "penstock.replies.nowhere"));
        assertThat(header(awaitRecord("penstock.digits.dead-letters", id), "penstock-error"))
                .hasValueSatisfying(error -> assertThat(error).contains("must be a topic that exists"));
    }

    @Test
    void doesNotReplyToPartitionsThatDoNotExist() {
        String id = send(Digits.request(ROW), Map.of("reply-topic", ServiceStack.REPLIES, "reply-partition", "3"));
        assertThat(header(awaitRecord("penstock.digits.dead-letters", id), "penstock-error"))
                .hasValueSatisfying(error -> assertThat(error).contains("reply-partition: must be in 0..2, was 3"));
    }

    @Test
    void failsAVersionThatIsNotServed() {
        String id = send(Digits.request(ROW), Map.of("reply-topic", ServiceStack.REPLIES, "model-version", "7"));
        ConsumerRecord<String, String> reply = awaitRecord(ServiceStack.REPLIES, id);
        assertThat(header(reply, "status")).hasValue("failed");
        assertThat(reply.value()).contains("not-found");
    }

    @Test
    void expiresARequestPastItsDeadline() {
        long past = System.currentTimeMillis() - 60_000;
        String id = send(
                Digits.request(ROW), Map.of("reply-topic", ServiceStack.REPLIES, "deadline-ms", Long.toString(past)));
        ConsumerRecord<String, String> reply = awaitRecord(ServiceStack.REPLIES, id);
        assertThat(header(reply, "status")).hasValue("expired");
        assertThat(reply.value()).contains("deadline-exceeded");
    }

    @Test
    void servesTheBulkLaneToo() {
        String id = UUID.randomUUID().toString();
        send("penstock.digits.requests.bulk", id, Digits.request(ROW), Map.of("reply-topic", ServiceStack.REPLIES));
        assertThat(header(awaitRecord(ServiceStack.REPLIES, id), "status")).hasValue("succeeded");
    }

    @ParameterizedTest
    @CsvSource({"bulk, bulk", "2, bulk", "interactive, interactive", "1, interactive", "0, interactive"})
    void servesARecordInTheLaneThatItsHeaderNames(String priority, String lane) {
        long before = served(lane);
        String id = send(Digits.request(ROW), Map.of("reply-topic", ServiceStack.REPLIES, "priority", priority));
        assertThat(header(awaitRecord(ServiceStack.REPLIES, id), "status")).hasValue("succeeded");
        assertThat(served(lane)).isEqualTo(before + 1);
    }

    @Test
    void keepsARecordWithAPriorityThatItDoesNotKnow() {
        String id = send(Digits.request(ROW), Map.of("reply-topic", ServiceStack.REPLIES, "priority", "fast"));
        ConsumerRecord<String, String> reply = awaitRecord(ServiceStack.REPLIES, id);
        assertThat(header(reply, "status")).hasValue("failed");
        assertThat(header(awaitRecord("penstock.digits.dead-letters", id), "penstock-error"))
                .hasValueSatisfying(error -> assertThat(error)
                        .contains("priority: must be interactive, bulk, or a number")
                        .contains("was 'fast'"));
    }

    private long served(String lane) {
        return meters.get("inference.queue.wait")
                .tag("model", "digits")
                .tag("lane", lane)
                .timer()
                .count();
    }

    @Test
    void continuesAfterARecordWithoutAValue() {
        producer.send(new ProducerRecord<>(REQUESTS, null));
        String id = send(Digits.request(ROW), Map.of("reply-topic", ServiceStack.REPLIES));
        assertThat(header(awaitRecord(ServiceStack.REPLIES, id), "status")).hasValue("succeeded");
    }

    /** Ingresses estimate the throughput of workers from these notes. */
    @Test
    void commitsItsThroughputWithItsOffsets() throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", ServiceStack.bootstrapServers()))) {
            long before = notedRuns(admin);
            for (int i = 0; i < 3; i++) {
                send(Digits.request(ROW), Map.of("reply-topic", ServiceStack.REPLIES));
            }
            await().atMost(Duration.ofSeconds(90)).until(() -> notedRuns(admin) >= before + 3);
        }
    }

    private static long notedRuns(Admin admin) throws Exception {
        return admin
                .listConsumerGroupOffsets(Topics.workerGroup("digits"))
                .partitionsToOffsetAndMetadata()
                .get()
                .values()
                .stream()
                .flatMap(offset -> CommitNote.parse(offset.metadata()).stream())
                .mapToLong(CommitNote::ran)
                .sum();
    }

    private String send(String value, Map<String, String> headers) {
        String id = UUID.randomUUID().toString();
        send(REQUESTS, id, value, headers);
        return id;
    }

    private void send(String topic, String id, String value, Map<String, String> headers) {
        ProducerRecord<String, String> record = new ProducerRecord<>(topic, value);
        Map<String, String> all = new HashMap<>(headers);
        all.put(RecordHeaders.CORRELATION_ID, id);
        all.forEach((name, text) -> record.headers().add(name, text.getBytes(UTF_8)));
        producer.send(record);
        producer.flush();
    }

    static Optional<String> header(ConsumerRecord<?, ?> record, String name) {
        return RecordHeaders.text(record.headers(), name);
    }

    static ConsumerRecord<String, String> awaitRecord(String topic, String correlationId) {
        return awaitRecord(topic, correlationId.getBytes(UTF_8));
    }

    private static ConsumerRecord<String, String> awaitRecord(String topic, byte[] correlationId) {
        return find(topic, correlationId, Duration.ofSeconds(60))
                .orElseThrow(() -> new AssertionError(
                        "no record for " + new String(correlationId, UTF_8) + " on " + topic + " within 60 s"));
    }

    /** Whether the topic has a record with this id by now. */
    static boolean isThere(String topic, String correlationId) {
        return find(topic, correlationId.getBytes(UTF_8), Duration.ofMillis(500))
                .isPresent();
    }

    /** Reads the topic from its beginning, until there is such a record or until it is late. */
    private static Optional<ConsumerRecord<String, String>> find(String topic, byte[] correlationId, Duration within) {
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", ServiceStack.bootstrapServers(), "fetch.max.wait.ms", 10),
                new StringDeserializer(),
                new StringDeserializer())) {
            List<PartitionInfo> partitions = consumer.partitionsFor(topic);
            List<TopicPartition> all = IntStream.range(0, partitions.size())
                    .mapToObj(partition -> new TopicPartition(topic, partition))
                    .toList();
            consumer.assign(all);
            consumer.seekToBeginning(all);
            long until = System.nanoTime() + within.toNanos();
            while (System.nanoTime() < until) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
                    if (RecordHeaders.bytes(record.headers(), RecordHeaders.CORRELATION_ID)
                            .filter(id -> Arrays.equals(id, correlationId))
                            .isPresent()) {
                        return Optional.of(record);
                    }
                }
            }
        }
        return Optional.empty();
    }
}
