package dev.penstock.worker.intake;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.kafka.KafkaClients;
import dev.penstock.kafka.TopicLayout;
import dev.penstock.local.LocalStack;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.Lane;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.GroupProtocol;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class RequestConsumersTest {
    private static final int PARTITIONS = 2;
    private static final LocalStack stack = LocalStack.start();

    @AfterAll
    static void stop() {
        stack.close();
    }

    @ParameterizedTest
    @EnumSource(GroupProtocol.class)
    void readsAModelsRequestsByEitherGroupProtocol(GroupProtocol protocol) throws Exception {
        String model = "by-" + protocol.name.toLowerCase(Locale.ROOT);
        createTopics(model);
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(kafka(), new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(Topics.requests(model, Lane.INTERACTIVE), "seven".getBytes(UTF_8)))
                    .get();
        }
        List<String> read = new ArrayList<>();
        try (Consumer<byte[], byte[]> consumer = member(model, protocol)) {
            long until = System.nanoTime() + Duration.ofSeconds(30).toNanos();
            while (read.isEmpty() && System.nanoTime() < until) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                    read.add(new String(record.value(), UTF_8));
                }
            }
        }
        assertThat(read).containsExactly("seven");
    }

    /** Its heartbeats go on, so that the broker expects it: as one whose process is gone while it waits to join. */
    @Tag("long")
    @ParameterizedTest
    @EnumSource(GroupProtocol.class)
    void aMemberThatDoesNotJoinARebalanceHoldsUpTheOthersForSecondsOnly(GroupProtocol protocol) throws Exception {
        String model = "stuck-" + protocol.name.toLowerCase(Locale.ROOT);
        createTopics(model);
        try (Consumer<byte[], byte[]> stuck = member(model, protocol);
                Consumer<byte[], byte[]> other = member(model, protocol)) {
            await().pollInSameThread().until(() -> {
                stuck.poll(Duration.ofMillis(100));
                return !stuck.assignment().isEmpty();
            });

            await().pollInSameThread().atMost(Duration.ofSeconds(60)).until(() -> {
                other.poll(Duration.ofMillis(100));
                return other.assignment().size() == 2 * PARTITIONS;
            });
        }
    }

    /** Shapes: number of models, interval of heartbeats and longest wait of a fetch in ms. */
    @ParameterizedTest
    @CsvSource({"1, 300, 100", "20, 300, 200", "40, 400, 400", "100, 1000, 1000", "2000, 1000, 1000"})
    void manyModelsAskLessOften(int models, int heartbeat, int fetchWait) {
        KafkaClients clients = new KafkaClients(kafka());
        assertThat(new RequestConsumers(clients, GroupProtocol.CLASSIC, () -> models).settings())
                .containsEntry("heartbeat.interval.ms", heartbeat)
                .containsEntry("fetch.max.wait.ms", fetchWait);
        assertThat(new RequestConsumers(clients, GroupProtocol.CONSUMER, () -> models).settings())
                .containsEntry("fetch.max.wait.ms", fetchWait)
                .doesNotContainKey("heartbeat.interval.ms");
    }

    private static Map<String, Object> kafka() {
        return Map.of("bootstrap.servers", stack.bootstrapServers());
    }

    private static void createTopics(String model) throws Exception {
        try (Admin admin = Admin.create(kafka())) {
            TopicLayout layout = new TopicLayout(true, PARTITIONS, 1, Optional.empty(), 1 << 20, Duration.ofHours(1));
            layout.create(admin, layout.ofModel(model));
        }
    }

    private static Consumer<byte[], byte[]> member(String model, GroupProtocol protocol) {
        Consumer<byte[], byte[]> member =
                new RequestConsumers(new KafkaClients(kafka()), protocol, () -> 1).forModel(model);
        member.subscribe(Topics.requests(model));
        return member;
    }
}
