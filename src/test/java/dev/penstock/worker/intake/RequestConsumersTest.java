package dev.penstock.worker.intake;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RequestConsumersTest {
    private static final LocalStack stack = LocalStack.start();

    @AfterAll
    static void stop() {
        stack.close();
    }

    @ParameterizedTest
    @EnumSource(GroupProtocol.class)
    void readsAModelsRequestsByEitherGroupProtocol(GroupProtocol protocol) throws Exception {
        String model = "by-" + protocol.name.toLowerCase(Locale.ROOT);
        Map<String, Object> kafka = Map.of("bootstrap.servers", stack.bootstrapServers());
        try (Admin admin = Admin.create(kafka)) {
            TopicLayout layout = new TopicLayout(true, 2, 1, Optional.empty(), 1 << 20, Duration.ofHours(1));
            layout.create(admin, layout.ofModel(model));
            String topic = Topics.requests(model, Lane.INTERACTIVE);
            try (KafkaProducer<byte[], byte[]> producer =
                    new KafkaProducer<>(kafka, new ByteArraySerializer(), new ByteArraySerializer())) {
                producer.send(new ProducerRecord<>(topic, "seven".getBytes(UTF_8)))
                        .get();
            }
            List<String> read = new ArrayList<>();
            try (Consumer<byte[], byte[]> consumer =
                    new RequestConsumers(new KafkaClients(kafka), protocol).forModel(model)) {
                consumer.subscribe(Topics.requests(model));
                long until = System.nanoTime() + Duration.ofSeconds(30).toNanos();
                while (read.isEmpty() && System.nanoTime() < until) {
                    for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                        read.add(new String(record.value(), UTF_8));
                    }
                }
            }
            assertThat(read).containsExactly("seven");
        }
    }
}
