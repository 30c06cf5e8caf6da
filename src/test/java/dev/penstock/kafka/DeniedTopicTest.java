package dev.penstock.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.local.SecuredKafka;
import dev.penstock.threads.Faults;
import dev.penstock.threads.LoggedLines;
import dev.penstock.threads.ServiceThread;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

/** Threads that may not read, on a real broker with access control: one line, no spin, and on they go once they may. */
class DeniedTopicTest {
    private static final Duration SOON = Duration.ofSeconds(90);
    private static final SecuredKafka BROKER = SecuredKafka.shared();

    private final KafkaClients kafka = new KafkaClients(BROKER.asUser());
    private final Faults faults = new Faults("ingress");
    private final AtomicInteger received = new AtomicInteger();

    @Test
    void aRecorder() throws Exception {
        publishTo("recorded");
        try (LoggedLines lines = LoggedLines.of(ServiceThread.class);
                TopicRecorder recorder = new TopicRecorder(
                        "recorder-denied",
                        "Nothing is recorded.",
                        faults,
                        kafka.recorder("recorders-denied", Map.of("auto.offset.reset", "earliest")),
                        "recorded",
                        records -> {
                            received.addAndGet(records.size());
                            return CompletableFuture.completedFuture(null);
                        })) {
            await().atMost(SOON).until(() -> lines.text().contains("may not read"));
            BROKER.grant(ResourceType.GROUP, "recorders-denied", AclOperation.READ);
            BROKER.grant(ResourceType.TOPIC, "recorded", AclOperation.READ);
            await().atMost(SOON).until(() -> received.get() == 1);
            assertThat(lines.lines().stream().filter(line -> line.contains("may not read")))
                    .hasSizeLessThan(3);
            assertThat(recorder).isNotNull();
        }
        assertThat(faults.isEmpty()).isTrue();
    }

    @Test
    void aFollower() throws Exception {
        publishTo("followed");
        try (LoggedLines lines = LoggedLines.of(ServiceThread.class);
                TopicFollower follower = new TopicFollower(
                        "follower-denied",
                        "Nothing is followed.",
                        faults,
                        kafka.follower(Map.of("auto.offset.reset", "earliest")),
                        new FromBeginning())) {
            await().atMost(SOON).until(() -> lines.text().contains("may not read topic followed; grant it read"));
            BROKER.grant(ResourceType.TOPIC, "followed", AclOperation.READ);
            await().atMost(SOON).until(() -> received.get() == 1);
            assertThat(lines.lines().stream().filter(line -> line.contains("may not read")))
                    .hasSizeLessThan(3);
            assertThat(follower.isFollowing()).isTrue();
        }
        assertThat(faults.isEmpty()).isTrue();
    }

    private void publishTo(String topic) throws Exception {
        try (Admin admin = BROKER.admin();
                KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                        Map.of("bootstrap.servers", BROKER.clear()),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get();
            producer.send(new ProducerRecord<>(topic, new byte[1])).get();
        }
    }

    private final class FromBeginning implements TopicFollower.Listener {
        @Override
        public void assign(Consumer<byte[], byte[]> consumer) {
            List<TopicPartition> own = List.of(new TopicPartition("followed", 0));
            consumer.assign(own);
            consumer.seekToBeginning(own);
        }

        @Override
        public void received(ConsumerRecord<byte[], byte[]> record) {
            received.incrementAndGet();
        }
    }
}
