package dev.penstock.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.penstock.local.EmbeddedKafka;
import dev.penstock.threads.Faults;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class GroupedProducerTest {
    private static final String TOPIC = "grouped";
    private static final EmbeddedKafka BROKER = EmbeddedKafka.start();
    private static final Map<String, Object> SETTINGS =
            Map.of(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, BROKER.bootstrapServers());

    private final Faults faults = new Faults("ingress");
    /** Its linger is longer than any test waits, so what arrives was flushed. */
    private final GroupedProducer producer =
            GroupedProducer.open(new KafkaClients(SETTINGS), Map.of(), Duration.ofSeconds(90), faults);

    @BeforeAll
    static void create() throws Exception {
        try (Admin admin = new KafkaClients(SETTINGS).admin()) {
            admin.createTopics(List.of(new NewTopic(TOPIC, 1, (short) 1))).all().get();
        }
    }

    @AfterAll
    static void stop() {
        BROKER.close();
    }

    @AfterEach
    void close() {
        producer.close();
        assertThat(faults.isEmpty()).isTrue();
    }

    /** One that does not linger sends the first records alone, whenever its thread wakes up in time. */
    @RepeatedTest(5)
    void sendsAGroupInOneRequest() throws Exception {
        producer.lingering().partitionsFor(TOPIC);
        List<Future<RecordMetadata>> sent = new ArrayList<>();

        producer.together(300, () -> {
            for (int i = 0; i < 300; i++) {
                sent.add(send());
            }
        });

        for (Future<RecordMetadata> each : sent) {
            each.get(60, TimeUnit.SECONDS);
        }
        assertThat(metric(producer.lingering(), "records-per-request-avg")).isEqualTo(300);
    }

    @Test
    void sendsWhatComesAloneAtOnce() throws Exception {
        send().get(60, TimeUnit.SECONDS);
        producer.together(GroupedProducer.MANY - 1, () -> {
            for (int i = 1; i < GroupedProducer.MANY; i++) {
                send();
            }
        });
        producer.prompt().flush();

        assertThat(sent(producer.prompt())).isEqualTo(GroupedProducer.MANY);
        assertThat(sent(producer.lingering())).isZero();
    }

    @Test
    void goesOnAfterAGroupThatFailed() throws Exception {
        assertThat(catchThrowable(() -> producer.together(50, () -> {
                    throw new IllegalStateException("a bug");
                })))
                .hasMessage("a bug");

        send().get(60, TimeUnit.SECONDS);
    }

    private Future<RecordMetadata> send() {
        return producer.now().send(new ProducerRecord<>(TOPIC, "value".getBytes(UTF_8)));
    }

    private static double sent(Producer<byte[], byte[]> producer) {
        return metric(producer, "record-send-total");
    }

    private static double metric(Producer<byte[], byte[]> producer, String name) {
        return producer.metrics().entrySet().stream()
                .filter(metric -> metric.getKey().name().equals(name)
                        && metric.getKey().group().equals("producer-metrics"))
                .mapToDouble(metric -> (double) metric.getValue().metricValue())
                .findFirst()
                .orElseThrow();
    }
}
