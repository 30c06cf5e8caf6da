package dev.penstock.bench;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

class KafkaLoadTest {
    private static final String REPLIES = "penstock.replies.bench";
    private static final TopicPartition PARTITION = new TopicPartition(REPLIES, 0);

    private final Broker broker = new Broker();

    /** Kafka's mock clients with a fake worker between them. It echoes each record's value on the reply topic of the record. */
    private static final class Broker extends MockProducer<byte[], byte[]> {
        final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("latest");
        final AtomicInteger offset = new AtomicInteger();

        Broker() {
            super(true, null, new ByteArraySerializer(), new ByteArraySerializer());
            consumer.updatePartitions(
                    REPLIES, List.of(new PartitionInfo(REPLIES, 0, Node.noNode(), new Node[0], new Node[0])));
            consumer.updateEndOffsets(Map.of(PARTITION, 0L));
        }

        @Override
        public synchronized Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> record, Callback callback) {
            String value = new String(record.value(), UTF_8);
            if (value.equals("3")) {
                TimeoutException failure = new TimeoutException("no broker");
                callback.onCompletion(null, failure);
                return CompletableFuture.failedFuture(failure);
            }
            reply(record, value.equals("4") ? "expired" : "succeeded", value.equals("5") ? "55" : value);
            if (value.equals("6")) {
                reply(record, "succeeded", value);
            }
            return super.send(record, callback);
        }

        private void reply(ProducerRecord<byte[], byte[]> request, String status, String value) {
            consumer.schedulePollTask(() -> {
                String topic =
                        new String(request.headers().lastHeader("reply-topic").value(), UTF_8);
                ConsumerRecord<byte[], byte[]> reply =
                        new ConsumerRecord<>(topic, 0, offset.getAndIncrement(), new byte[0], value.getBytes(UTF_8));
                reply.headers().add(request.headers().lastHeader("correlation-id"));
                reply.headers().add("status", status.getBytes(UTF_8));
                consumer.addRecord(reply);
            });
        }
    }

    @Test
    void matchesRepliesToRequestsAndCountsEachRequestOnce() throws InterruptedException {
        List<Integer> checked = new ArrayList<>();

        LoadResult result = load(100, Duration.ofSeconds(30), (i, status, value) -> {
                    checked.add(i);
                    return Integer.toString(i).equals(new String(value, UTF_8));
                })
                .run(broker, broker.consumer);

        assertThat(result.succeeded()).isEqualTo(97);
        assertThat(result.wrong()).isEqualTo(1);
        assertThat(result.otherStatuses()).isEqualTo(Map.of("expired", 1L));
        assertThat(result.ioErrors()).isEqualTo(1);
        assertThat(result.unanswered()).isZero();
        assertThat(result.duplicates()).isEqualTo(1);
        assertThat(checked).hasSize(99).doesNotHaveDuplicates();
    }

    @Test
    void skipsRepliesToOthersAndTimesOutWithoutAReply() throws InterruptedException {
        MockProducer<byte[], byte[]> silent =
                new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
        broker.consumer.schedulePollTask(() -> {
            ConsumerRecord<byte[], byte[]> foreign = new ConsumerRecord<>(REPLIES, 0, 0, new byte[0], new byte[0]);
            foreign.headers().add("correlation-id", "42".getBytes(UTF_8));
            broker.consumer.addRecord(foreign);
        });

        LoadResult result = load(100, Duration.ofMillis(200), Check.NONE).run(silent, broker.consumer);

        assertThat(result.unanswered()).isEqualTo(100);
        assertThat(result.errors()).isEqualTo(100);
    }

    @Test
    void endsWhenARequestCannotBeMade() {
        KafkaLoad broken = new KafkaLoad(
                "127.0.0.1:1",
                "penstock.digits.requests",
                REPLIES,
                i -> {
                    throw new IllegalStateException("no body");
                },
                1,
                1,
                Duration.ofSeconds(30),
                Check.NONE);

        assertThatThrownBy(() -> broken.run(broker, broker.consumer)).hasMessage("no body");
    }

    @Test
    void reportsAMissingReplyTopic() {
        try (MockConsumer<byte[], byte[]> empty = new MockConsumer<>("latest")) {
            empty.updatePartitions(REPLIES, List.of());

            assertThatThrownBy(() -> load(1, Duration.ofSeconds(1), Check.NONE).run(broker, empty))
                    .hasMessage("reply topic penstock.replies.bench does not exist");
        }
    }

    private static KafkaLoad load(int requests, Duration patience, Check check) {
        return new KafkaLoad(
                "127.0.0.1:1",
                "penstock.digits.requests",
                REPLIES,
                i -> Integer.toString(i).getBytes(UTF_8),
                requests,
                8,
                patience,
                check);
    }
}
