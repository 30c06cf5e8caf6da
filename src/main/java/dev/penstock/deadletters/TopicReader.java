package dev.penstock.deadletters;

import dev.penstock.kafka.KafkaClients;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/** Reads topics up to where they end when the reading begins. Reads committed records only. */
final class TopicReader {
    private static final Duration POLL = Duration.ofMillis(200);
    private static final int MAX_EMPTY_POLLS = 50;

    private final KafkaClients kafka;

    TopicReader(KafkaClients kafka) {
        this.kafka = kafka;
    }

    /** Reads all records of a topic, each partition in its order. */
    void readAll(String topic, Consumer<ConsumerRecord<byte[], byte[]>> each) {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(partition -> new TopicPartition(topic, partition.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            readToEnd(consumer, partitions, each);
        }
    }

    /** The record at this place; empty when the log no longer has it. */
    Optional<ConsumerRecord<byte[], byte[]>> read(Place place) {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            List<TopicPartition> partition = List.of(place.partition());
            boolean isThere = consumer.partitionsFor(place.partition().topic()).stream()
                    .anyMatch(each -> each.partition() == place.partition().partition());
            if (!isThere) {
                return Optional.empty();
            }
            long first = consumer.beginningOffsets(partition).getOrDefault(place.partition(), 0L);
            long end = consumer.endOffsets(partition).getOrDefault(place.partition(), 0L);
            if (place.offset() < first || place.offset() >= end) {
                return Optional.empty();
            }
            consumer.assign(partition);
            consumer.seek(place.partition(), place.offset());
            AtomicReference<ConsumerRecord<byte[], byte[]>> found = new AtomicReference<>();
            while (consumer.position(place.partition()) <= place.offset()) {
                pollOnce(consumer, record -> {
                    if (record.offset() == place.offset()) {
                        found.set(record);
                    }
                });
            }
            return Optional.ofNullable(found.get());
        }
    }

    private static void readToEnd(
            KafkaConsumer<byte[], byte[]> consumer,
            List<TopicPartition> partitions,
            Consumer<ConsumerRecord<byte[], byte[]>> each) {
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        while (partitions.stream()
                .anyMatch(partition -> consumer.position(partition) < ends.getOrDefault(partition, 0L))) {
            pollOnce(consumer, record -> {
                if (record.offset() < ends.getOrDefault(new TopicPartition(record.topic(), record.partition()), 0L)) {
                    each.accept(record);
                }
            });
        }
    }

    /** Waits for records, or for the position to pass a transaction's marker. */
    private static void pollOnce(
            KafkaConsumer<byte[], byte[]> consumer, Consumer<ConsumerRecord<byte[], byte[]>> each) {
        long before = positions(consumer);
        for (int i = 0; i < MAX_EMPTY_POLLS; i++) {
            ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
            records.forEach(each);
            if (!records.isEmpty() || positions(consumer) > before) {
                return;
            }
        }
        throw new TimeoutException("the broker sent nothing for " + POLL.multipliedBy(MAX_EMPTY_POLLS));
    }

    private static long positions(KafkaConsumer<byte[], byte[]> consumer) {
        return consumer.assignment().stream().mapToLong(consumer::position).sum();
    }

    private KafkaConsumer<byte[], byte[]> consumer() {
        return kafka.follower(Map.of(
                ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed",
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest",
                ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, 15_000));
    }
}
