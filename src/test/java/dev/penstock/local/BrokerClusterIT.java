package dev.penstock.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A real cluster, whose nodes are killed, stopped and frozen. */
@Tag("long")
class BrokerClusterIT {
    private static final Duration SOON = Duration.ofMinutes(1);

    private static final int PATIENT_MILLIS = 60_000;
    private static final int HASTY_MILLIS = 4000;

    private static final BrokerCluster cluster = BrokerCluster.start(3);

    @AfterAll
    static void stopAll() {
        cluster.close();
    }

    @AfterEach
    void heal() {
        List<Integer> down = cluster.nodes().stream()
                .filter(node -> !cluster.isRunning(node))
                .toList();
        cluster.restart(down);
    }

    @Test
    void goesOnWhenTheLeaderOfAPartitionIsKilled() throws Exception {
        cluster.createTopic("leader", 1);
        int leader = cluster.leaderOf("leader", 0).orElseThrow();
        try (KafkaProducer<String, String> producer = producer(PATIENT_MILLIS)) {
            send(producer, "leader", "before");

            cluster.kill(leader);
            send(producer, "leader", "after");
        }

        assertThat(cluster.isRunning(leader)).isFalse();
        assertThat(cluster.leaderOf("leader", 0)).isPresent().get().isNotEqualTo(leader);
        assertThat(read("leader", 2)).containsExactly("before", "after");

        cluster.restart(leader);
        await().atMost(SOON).until(() -> cluster.inSync("leader", 0).equals(Set.copyOf(cluster.nodes())));
    }

    @Test
    void takesNothingWithoutAMajorityAndLosesNothingWhenItReturns() throws Exception {
        cluster.createTopic("majority", 1);
        List<Integer> killed = cluster.nodes().subList(0, 2);
        try (KafkaProducer<String, String> producer = producer(PATIENT_MILLIS)) {
            send(producer, "majority", "before");
        }

        killed.forEach(cluster::kill);
        try (KafkaProducer<String, String> producer = producer(HASTY_MILLIS)) {
            assertThatThrownBy(() -> send(producer, "majority", "refused"))
                    .isInstanceOfAny(ExecutionException.class, org.apache.kafka.common.errors.TimeoutException.class);
        }

        cluster.restart(killed);
        try (KafkaProducer<String, String> producer = producer(PATIENT_MILLIS)) {
            send(producer, "majority", "after");
        }
        List<String> read = read("majority", 2);
        assertThat(read).startsWith("before").endsWith("after");
    }

    @Test
    void electsAnotherControllerWhenTheActiveOneStops() {
        int active = cluster.activeController();

        cluster.stop(active);

        await().atMost(SOON).until(() -> cluster.activeController() != active);
        cluster.createTopic("controller", 1);
    }

    @Test
    void movesAPartitionAwayFromAFrozenNodeAndTakesItBack() throws Exception {
        cluster.createTopic("frozen", 1);
        int leader = cluster.leaderOf("frozen", 0).orElseThrow();
        try (KafkaProducer<String, String> producer = producer(PATIENT_MILLIS)) {
            send(producer, "frozen", "before");

            cluster.freeze(leader);
            try {
                send(producer, "frozen", "after");
                assertThat(cluster.isRunning(leader)).isTrue();
            } finally {
                cluster.resume(leader);
            }
        }
        await().atMost(SOON).until(() -> cluster.inSync("frozen", 0).contains(leader));
        assertThat(read("frozen", 2)).containsExactly("before", "after");
    }

    /** @param deliveryMillis after which a record that was not acknowledged has failed */
    private static KafkaProducer<String, String> producer(int deliveryMillis) {
        return new KafkaProducer<>(
                Map.of(
                        "bootstrap.servers",
                        cluster.bootstrapServers(),
                        "acks",
                        "all",
                        "max.block.ms",
                        deliveryMillis,
                        "request.timeout.ms",
                        2000,
                        "linger.ms",
                        0,
                        "delivery.timeout.ms",
                        deliveryMillis),
                new StringSerializer(),
                new StringSerializer());
    }

    private static void send(KafkaProducer<String, String> producer, String topic, String value) throws Exception {
        producer.send(new ProducerRecord<>(topic, value)).get(2, TimeUnit.MINUTES);
    }

    private static List<String> read(String topic, int atLeast) {
        List<String> values = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", cluster.bootstrapServers(), "auto.offset.reset", "earliest"),
                new StringDeserializer(),
                new StringDeserializer())) {
            consumer.assign(List.of(new TopicPartition(topic, 0)));
            await().atMost(SOON).until(() -> {
                for (ConsumerRecord<String, String> each : consumer.poll(Duration.ofMillis(200))) {
                    values.add(each.value());
                }
                return values.size() >= atLeast;
            });
        }
        return values;
    }
}
