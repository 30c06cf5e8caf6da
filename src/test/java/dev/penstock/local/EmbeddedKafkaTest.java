package dev.penstock.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedKafkaTest {

    private static final String TOPIC = "turbine";

    @Test
    void deliversRecordsToConsumerGroups() throws Exception {
        try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
            createTopic(kafka);

            produce(kafka, "first", "second");

            assertThat(consume(kafka, "some-group", 2)).containsExactly("first", "second");
        }
    }

    @Test
    void keepsItsLogAcrossARestartOnAnotherPort(@TempDir Path dataDir) throws Exception {
        int firstPort;
        try (EmbeddedKafka kafka = start(dataDir)) {
            firstPort = kafka.port();
            createTopic(kafka);
            produce(kafka, "before");
            consume(kafka, "reader-of-all", 1);
        }

        try (EmbeddedKafka kafka = start(dataDir)) {
            assertThat(kafka.port()).isNotEqualTo(firstPort);
            produce(kafka, "after");

            assertThat(consume(kafka, "newcomer", 2)).containsExactly("before", "after");
            assertThat(consume(kafka, "reader-of-all", 1)).containsExactly("after");
        }
    }

    @Test
    void rejectsADataDirectoryThatIsInUse(@TempDir Path dataDir) throws Exception {
        try (EmbeddedKafka kafka = start(dataDir)) {
            assertThatThrownBy(() -> start(dataDir))
                    .isInstanceOf(CannotStartException.class)
                    .hasMessageContaining(dataDir + " is in use");

            createTopic(kafka);
        }
    }

    @Test
    void deletesItsTemporaryLogOnClose() {
        EmbeddedKafka kafka = EmbeddedKafka.start();
        Path folder = kafka.folder();
        assertThat(folder).isDirectory();

        kafka.close();

        assertThat(folder).doesNotExist();
        assertThat(Ports.isFree(kafka.port())).isTrue();
    }

    @Test
    void doesNotCreateTopicsByItself() {
        try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
            assertThatThrownBy(() -> produce(kafka, "nowhere to go"))
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(TimeoutException.class)
                    .hasMessageContaining(TOPIC + " not present in metadata");
        }
    }

    @Test
    void acceptsRecordsOfTenMebibytesAndRejectsLargerOnes() throws Exception {
        try (EmbeddedKafka kafka = EmbeddedKafka.start();
                var producer = new KafkaProducer<>(
                        Map.of("bootstrap.servers", kafka.bootstrapServers(), "max.request.size", 64 << 20),
                        new StringSerializer(),
                        new ByteArraySerializer())) {
            createTopic(kafka);

            producer.send(new ProducerRecord<>(TOPIC, new byte[10 << 20])).get();

            assertThatThrownBy(() -> producer.send(new ProducerRecord<>(TOPIC, new byte[12 << 20]))
                            .get())
                    .hasCauseInstanceOf(RecordTooLargeException.class);
        }
    }

    @Test
    void rejectsAPortThatIsInUse(@TempDir Path dataDir) throws Exception {
        try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
            assertThatThrownBy(() -> EmbeddedKafka.start(
                            kafka.port(), Optional.of(dataDir), EmbeddedKafka.DEFAULT_MAX_MESSAGE_BYTES))
                    .isInstanceOf(CannotStartException.class)
                    .hasMessageContaining("port %d is in use", kafka.port());

            createTopic(kafka);
        }
    }

    private static EmbeddedKafka start(Path dataDir) {
        return EmbeddedKafka.start(Ports.ANY, Optional.of(dataDir), EmbeddedKafka.DEFAULT_MAX_MESSAGE_BYTES);
    }

    private static void createTopic(EmbeddedKafka kafka) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
            admin.createTopics(List.of(new NewTopic(TOPIC, 1, (short) 1))).all().get();
        }
    }

    private static void produce(EmbeddedKafka kafka, String... values) throws Exception {
        try (var producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", kafka.bootstrapServers(), "max.block.ms", 1_000),
                new StringSerializer(),
                new StringSerializer())) {
            for (String value : values) {
                producer.send(new ProducerRecord<>(TOPIC, value)).get();
            }
        }
    }

    private static List<String> consume(EmbeddedKafka kafka, String group, int count) {
        List<String> values = new ArrayList<>();
        try (var consumer = new KafkaConsumer<>(
                Map.of(
                        "bootstrap.servers",
                        kafka.bootstrapServers(),
                        "group.id",
                        group,
                        "auto.offset.reset",
                        "earliest"),
                new StringDeserializer(),
                new StringDeserializer())) {
            consumer.subscribe(List.of(TOPIC));
            long start = System.nanoTime();
            while (values.size() < count
                    && System.nanoTime() - start < Duration.ofSeconds(20).toNanos()) {
                for (ConsumerRecord<String, String> each : consumer.poll(Duration.ofMillis(100))) {
                    values.add(each.value());
                }
            }
            consumer.commitSync();
        }
        return values;
    }
}
