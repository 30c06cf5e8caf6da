package dev.penstock.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.penstock.local.EmbeddedKafka;
import dev.penstock.threads.Faults;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
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

    /** The producer is flushed before the record is with it, and must be flushed again. */
    @Test
    void flushesARecordThatCameTooLateForItsGroup() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch chosen = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        AtomicInteger flushes = new AtomicInteger();
        MockProducer<byte[], byte[]> lingering =
                new MockProducer<>(false, null, new ByteArraySerializer(), new ByteArraySerializer());
        Producer<byte[], byte[]> slow = slow(
                lingering,
                () -> {
                    chosen.countDown();
                    await().until(() -> ended.getCount() == 0 && flushes.get() > 1);
                },
                flushes::incrementAndGet);
        CompletableFuture<RecordMetadata> late = new CompletableFuture<>();
        try (GroupedProducer grouped = new GroupedProducer(new MockProducer<>(), slow, faults)) {
            await().until(() -> flushes.get() == 1); // the first turn of its thread
            Thread.ofPlatform().start(() -> {
                grouped.together(GroupedProducer.MANY, () -> {
                    begun.countDown();
                    await().until(() -> chosen.getCount() == 0);
                });
                ended.countDown();
            });
            begun.await();

            grouped.send(record(), (metadata, failure) -> late.complete(metadata));

            assertThat(late.get(60, TimeUnit.SECONDS)).isNotNull();
        }
    }

    /** The same producer, which does something before it takes a record, and after it was flushed. */
    @SuppressWarnings("unchecked")
    private static Producer<byte[], byte[]> slow(
            Producer<byte[], byte[]> producer, Runnable beforeSend, Runnable afterFlush) {
        return (Producer<byte[], byte[]>) Proxy.newProxyInstance(
                GroupedProducerTest.class.getClassLoader(),
                new Class<?>[] {Producer.class},
                (self, method, arguments) -> {
                    if (method.getName().equals("send")) {
                        beforeSend.run();
                    }
                    Object result = method.invoke(producer, arguments);
                    if (method.getName().equals("flush")) {
                        afterFlush.run();
                    }
                    return result;
                });
    }

    private Future<RecordMetadata> send() {
        CompletableFuture<RecordMetadata> written = new CompletableFuture<>();
        producer.send(record(), (metadata, failure) -> {
            if (failure == null) {
                written.complete(metadata);
            } else {
                written.completeExceptionally(failure);
            }
        });
        return written;
    }

    private static ProducerRecord<byte[], byte[]> record() {
        return new ProducerRecord<>(TOPIC, "value".getBytes(UTF_8));
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
