package dev.penstock.ingress;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.kafka.KafkaClients;
import dev.penstock.kafka.TopicLayout;
import dev.penstock.local.EmbeddedKafka;
import dev.penstock.messages.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;

class RequestIdKeyTest {
    @Test
    void ingressesThatStartTogetherAgree() throws Exception {
        try (EmbeddedKafka broker = EmbeddedKafka.start();
                ExecutorService ingresses = Executors.newFixedThreadPool(3)) {
            KafkaClients kafka = new KafkaClients(Map.of("bootstrap.servers", broker.bootstrapServers()));
            TopicLayout layout = new TopicLayout(true, 1, 1, Optional.empty(), 1 << 20, Duration.ofHours(24));
            try (Admin admin = kafka.admin()) {
                layout.create(admin, layout.shared());
            }
            List<Future<byte[]>> keys = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                keys.add(ingresses.submit(() -> RequestIdKey.of(Optional.empty(), kafka)));
            }
            byte[] later = RequestIdKey.of(Optional.empty(), kafka);
            assertThat(later).hasSize(32);
            for (Future<byte[]> key : keys) {
                assertThat(key.get()).isEqualTo(later);
            }
            try (Producer<byte[], byte[]> another = kafka.producer(Map.of())) {
                another.send(new ProducerRecord<>(Topics.KEYS, 0, "another".getBytes(UTF_8), new byte[32]))
                        .get();
            }
            assertThat(RequestIdKey.of(Optional.empty(), kafka))
                    .as("the first one counts")
                    .isEqualTo(later);
        }
    }

    @Test
    void aConfiguredSecretNeedsNoKafka() throws Exception {
        KafkaClients away = new KafkaClients(Map.of("bootstrap.servers", "localhost:1"));
        assertThat(RequestIdKey.of(Optional.of("a secret"), away)).isEqualTo("a secret".getBytes(UTF_8));
    }

    @Test
    void namesTheTopicAndTheCureWhenKafkaDoesNotAnswer() {
        KafkaClients away = new KafkaClients(Map.of("bootstrap.servers", "localhost:1"));
        assertThatThrownBy(() -> RequestIdKey.of(Optional.empty(), away))
                .hasMessageContaining("penstock.keys")
                .hasMessageContaining("penstock.ingress.request-id-key");
    }
}
