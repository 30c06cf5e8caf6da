package dev.penstock.simulation.faults;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;

/** What the brokers keep: the records of each partition, and the committed offsets of the one group. */
final class SimulatedLogs {
    private final VirtualTime time;
    private final Map<String, Integer> topics = new HashMap<>();
    private final Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> records = new HashMap<>();
    private final Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>();

    SimulatedLogs(VirtualTime time) {
        this.time = time;
    }

    void create(String topic, int partitions) {
        topics.put(topic, partitions);
        for (int number = 0; number < partitions; number++) {
            records.put(new TopicPartition(topic, number), new ArrayList<>());
        }
    }

    int partitions(String topic) {
        return Optional.ofNullable(topics.get(topic)).orElseThrow();
    }

    List<TopicPartition> all(String topic) {
        List<TopicPartition> all = new ArrayList<>();
        for (int number = 0; number < partitions(topic); number++) {
            all.add(new TopicPartition(topic, number));
        }
        return all;
    }

    /** Records from their first offset, 0, on. */
    List<ConsumerRecord<byte[], byte[]>> records(TopicPartition partition) {
        return Optional.ofNullable(records.get(partition)).orElseThrow();
    }

    long end(TopicPartition partition) {
        return records(partition).size();
    }

    /** @param partition where the record names none */
    ConsumerRecord<byte[], byte[]> append(ProducerRecord<byte[], byte[]> record, int partition) {
        int number = Optional.ofNullable(record.partition()).orElse(partition);
        List<ConsumerRecord<byte[], byte[]>> log = records(new TopicPartition(record.topic(), number));
        ConsumerRecord<byte[], byte[]> appended = new ConsumerRecord<>(
                record.topic(),
                number,
                log.size(),
                time.millis(),
                TimestampType.LOG_APPEND_TIME,
                size(record.key()),
                size(record.value()),
                record.key(),
                record.value(),
                new RecordHeaders(record.headers()),
                Optional.empty());
        log.add(appended);
        return appended;
    }

    private static int size(byte[] bytes) {
        return bytes == null ? -1 : bytes.length;
    }

    Optional<OffsetAndMetadata> committed(TopicPartition partition) {
        return Optional.ofNullable(committed.get(partition));
    }

    long committedOffset(TopicPartition partition) {
        return committed(partition).map(OffsetAndMetadata::offset).orElse(0L);
    }

    void commit(TopicPartition partition, OffsetAndMetadata offset) {
        committed.put(partition, offset);
    }
}
