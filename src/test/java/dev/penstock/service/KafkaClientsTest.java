package dev.penstock.service;

import static dev.penstock.service.KafkaRequestsTest.awaitRecord;
import static dev.penstock.service.KafkaRequestsTest.header;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.penstock.samples.DigitsTable;
import io.cloudevents.CloudEvent;
import io.cloudevents.core.builder.CloudEventBuilder;
import io.cloudevents.kafka.KafkaMessageFactory;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.inject.Inject;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.serialization.VoidSerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.requestreply.ReplyingKafkaTemplate;
import org.springframework.kafka.support.TopicPartitionOffset;

/** Clients of the topics that others wrote, used as their own pages say. */
@WholeService
class KafkaClientsTest {
    private static final String REQUESTS = "penstock.digits.requests";
    private static final String SEVEN =
            Digits.request(DigitsTable.load().heldOut().getFirst());

    @Inject
    MeterRegistry meters;

    private Service service;

    @BeforeEach
    void awaitTheModel() {
        service = Service.underTest().awaitModel("digits");
    }

    /** It names its topic, partition and id in headers of its own, and looks for the id under the same name. */
    @Test
    void answersSpringsReplyingTemplate() throws Exception {
        ContainerProperties container = new ContainerProperties(
                new TopicPartitionOffset(ServiceStack.REPLIES, 2, TopicPartitionOffset.SeekPosition.END));
        container.setGroupId("spring");
        DefaultKafkaProducerFactory<String, String> producers = new DefaultKafkaProducerFactory<>(
                Map.of("bootstrap.servers", ServiceStack.bootstrapServers()),
                new StringSerializer(),
                new StringSerializer());
        ReplyingKafkaTemplate<String, String, String> template = new ReplyingKafkaTemplate<>(
                producers,
                new KafkaMessageListenerContainer<>(
                        new DefaultKafkaConsumerFactory<>(
                                Map.of("bootstrap.servers", ServiceStack.bootstrapServers()),
                                new StringDeserializer(),
                                new StringDeserializer()),
                        container));
        template.setSharedReplyTopic(true);
        template.afterPropertiesSet();
        template.start();
        try {
            assertThat(template.waitForAssignment(Duration.ofSeconds(60))).isTrue();
            ConsumerRecord<String, String> reply = template.sendAndReceive(
                            new ProducerRecord<>(REQUESTS, SEVEN), Duration.ofSeconds(60))
                    .get(60, TimeUnit.SECONDS);

            assertThat(reply.partition()).isEqualTo(2);
            assertThat(header(reply, "status")).hasValue("succeeded");
            assertThat(reply.value()).contains("\"name\":\"digit\"");
        } finally {
            template.stop();
            producers.destroy();
        }
    }

    @Test
    void answersKcatWhateverTheCaseOfItsHeaders() throws Exception {
        assumeTrue(isInstalled("kcat"), "no kcat on the PATH; .ci/run installs it");
        String id = UUID.randomUUID().toString();
        Path body = Files.writeString(Files.createTempFile("penstock-", ".json"), SEVEN);
        run(
                "kcat",
                "-P",
                "-b",
                ServiceStack.bootstrapServers(),
                "-t",
                REQUESTS,
                "-H",
                "Correlation-Id=" + id,
                "-H",
                "Reply-Topic=" + ServiceStack.REPLIES,
                "-H",
                "Reply-Partition=1",
                body.toString());

        ConsumerRecord<String, String> reply = awaitRecord(ServiceStack.REPLIES, id);
        assertThat(reply.partition()).isEqualTo(1);
        assertThat(header(reply, "status")).hasValue("succeeded");
    }

    /** By the SDK of CloudEvents, in the binary mode. */
    @Test
    void aReplyToAnEventIsAnEventThatNamesItsCause() {
        CloudEvent order = CloudEventBuilder.v1()
                .withId(UUID.randomUUID().toString())
                .withSource(URI.create("/billing"))
                .withType("com.example.order")
                .withSubject("anna")
                .withExtension("correlationid", "flow-1")
                .withData("application/json", SEVEN.getBytes(UTF_8))
                .build();
        try (KafkaProducer<Void, byte[]> producer =
                producer(new VoidSerializer(), new ByteArraySerializer(), Map.of())) {
            ProducerRecord<Void, byte[]> record =
                    KafkaMessageFactory.createWriter(REQUESTS).writeBinary(order);
            record.headers()
                    .add("reply-topic", ServiceStack.REPLIES.getBytes(UTF_8))
                    .add("correlation-id", order.getId().getBytes(UTF_8));
            producer.send(record);
        }

        ConsumerRecord<String, String> record = awaitRecord(ServiceStack.REPLIES, order.getId());
        CloudEvent reply = KafkaMessageFactory.createReader(
                        record.headers(), record.value().getBytes(UTF_8))
                .toEvent();
        assertThat(reply.getId()).isNotEqualTo(order.getId());
        assertThat(reply.getSource()).isEqualTo(URI.create("tag:penstock.dev,2026:models/digits"));
        assertThat(reply.getType()).isEqualTo("dev.penstock.inference.succeeded");
        assertThat(reply.getSubject()).isEqualTo("anna");
        assertThat(reply.getExtension("causationid")).isEqualTo(order.getId());
        assertThat(reply.getExtension("correlationid")).isEqualTo("flow-1");
        assertThat(reply.getDataContentType()).isEqualTo("application/json");
    }

    /** The markers of transactions take offsets, which no worker can serve. They are no work that waits. */
    @Test
    void aTransactionalProducerThatIsIdleCostsOthersNothing() {
        idleBetweenTransactions(Duration.ofSeconds(2));
    }

    @Test
    @Tag("long")
    void aTransactionalProducerMayBeIdleForAMinute() {
        idleBetweenTransactions(Duration.ofMinutes(1));
    }

    private void idleBetweenTransactions(Duration idle) {
        String committed = UUID.randomUUID().toString();
        String aborted = UUID.randomUUID().toString();
        try (KafkaProducer<String, String> producer =
                producer(new StringSerializer(), new StringSerializer(), Map.of("transactional.id", "billing"))) {
            producer.initTransactions();
            producer.beginTransaction();
            producer.send(request(committed));
            producer.commitTransaction();
            producer.beginTransaction();
            producer.send(request(aborted));
            producer.flush();
            producer.abortTransaction();

            assertThat(header(awaitRecord(ServiceStack.REPLIES, committed), "status"))
                    .hasValue("succeeded");
            await().until(() -> backlog() == 0);
            await().atMost(idle.plusSeconds(30))
                    .during(idle)
                    .pollInterval(Duration.ofMillis(500))
                    .until(() -> service.post("/v2/models/digits/infer", SEVEN).status() == 200);

            producer.beginTransaction();
            String last = UUID.randomUUID().toString();
            producer.send(request(last));
            producer.commitTransaction();
            awaitRecord(ServiceStack.REPLIES, last);
        }
        assertThat(KafkaRequestsTest.isThere(ServiceStack.REPLIES, aborted)).isFalse();
    }

    private double backlog() {
        return meters.get("inference.backlog.records").tag("model", "digits").gauges().stream()
                .mapToDouble(gauge -> gauge.value())
                .sum();
    }

    private static ProducerRecord<String, String> request(String id) {
        ProducerRecord<String, String> record = new ProducerRecord<>(REQUESTS, SEVEN);
        record.headers()
                .add("correlation-id", id.getBytes(UTF_8))
                .add("reply-topic", ServiceStack.REPLIES.getBytes(UTF_8));
        return record;
    }

    private static <K, V> KafkaProducer<K, V> producer(
            Serializer<K> keys, Serializer<V> values, Map<String, Object> more) {
        Map<String, Object> settings = new HashMap<>(more);
        settings.put("bootstrap.servers", ServiceStack.bootstrapServers());
        return new KafkaProducer<>(settings, keys, values);
    }

    private static boolean isInstalled(String tool) {
        return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, tool)));
    }

    private static void run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).inheritIO().start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
    }
}
