package dev.penstock.worker.reply;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.kafka.KafkaClients;
import dev.penstock.local.EmbeddedKafka;
import dev.penstock.messages.CorrelationId;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Topics;
import dev.penstock.threads.Faults;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

class CancellationsTest {
    private static final Duration SOON = Duration.ofSeconds(90);

    @Test
    void knowsWhatWasTakenBackBeforeItStartedAndSince() throws Exception {
        long now = System.currentTimeMillis();
        try (EmbeddedKafka kafka = EmbeddedKafka.start();
                KafkaProducer<byte[], byte[]> producer = producer(kafka)) {
            createTopic(kafka);
            publish(producer, "before", Long.toString(now + 60_000));
            publish(producer, "broken", "tomorrow");
            publish(producer, "over", Long.toString(now - 3_600_000));
            try (Cancellations cancellations =
                    new Cancellations(new KafkaClients(client(kafka)), new Faults("worker"))) {
                cancellations.awaitKnown(SOON);
                assertThat(cancellations.contains(CorrelationId.of("before"))).isTrue();
                assertThat(cancellations.contains(CorrelationId.of("over"))).isFalse();
                assertThat(cancellations.contains(CorrelationId.of("broken"))).isFalse();

                publish(producer, "since", Long.toString(now + 60_000));
                await().atMost(SOON).until(() -> cancellations.contains(CorrelationId.of("since")));
            }
        }
    }

    private static void publish(KafkaProducer<byte[], byte[]> producer, String id, String deadline) throws Exception {
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(Topics.CANCELLATIONS, id.getBytes(UTF_8), new byte[0]);
        RecordHeaders.set(record.headers(), RecordHeaders.DEADLINE_MS, deadline);
        producer.send(record).get();
    }

    private static void createTopic(EmbeddedKafka kafka) throws Exception {
        try (Admin admin = Admin.create(client(kafka))) {
            admin.createTopics(List.of(new NewTopic(Topics.CANCELLATIONS, Optional.of(1), Optional.empty())))
                    .all()
                    .get();
        }
    }

    private static KafkaProducer<byte[], byte[]> producer(EmbeddedKafka kafka) {
        return new KafkaProducer<>(client(kafka), new ByteArraySerializer(), new ByteArraySerializer());
    }

    private static Map<String, Object> client(EmbeddedKafka kafka) {
        return Map.of("bootstrap.servers", kafka.bootstrapServers());
    }
}
