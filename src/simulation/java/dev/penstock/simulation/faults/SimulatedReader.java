package dev.penstock.simulation.faults;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/** A consumer without a group, as {@code EarlierReplies} uses it. */
@SuppressWarnings("UnsynchronizedOverridesSynchronized") // one thread runs at a time
final class SimulatedReader extends MockConsumer<byte[], byte[]> {
    private final Network.Connection connection;
    private final SimulatedLogs logs;
    private final Map<TopicPartition, Long> positions = new LinkedHashMap<>();

    SimulatedReader(SimulatedProcess process, Network network, SimulatedLogs logs) {
        super("earliest");
        this.connection = network.connect(process);
        this.logs = logs;
    }

    @Override
    public List<PartitionInfo> partitionsFor(String topic, Duration timeout) {
        return connection.call(timeout, () -> {
            List<PartitionInfo> all = new ArrayList<>();
            logs.all(topic).forEach(each -> all.add(new PartitionInfo(topic, each.partition(), null, null, null)));
            return all;
        });
    }

    @Override
    public Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions, Duration timeout) {
        return connection.call(timeout, () -> {
            Map<TopicPartition, Long> ends = new HashMap<>();
            partitions.forEach(each -> ends.put(each, logs.end(each)));
            return ends;
        });
    }

    @Override
    public Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(Map<TopicPartition, Long> times, Duration timeout) {
        return connection.call(timeout, () -> {
            Map<TopicPartition, OffsetAndTimestamp> found = new HashMap<>();
            times.forEach((partition, since) -> logs.records(partition).stream()
                    .filter(record -> record.timestamp() >= since)
                    .findFirst()
                    .ifPresent(record ->
                            found.put(partition, new OffsetAndTimestamp(record.offset(), record.timestamp()))));
            return found;
        });
    }

    @Override
    public void assign(Collection<TopicPartition> partitions) {
        positions.clear();
        partitions.forEach(each -> positions.put(each, 0L));
    }

    @Override
    public void seek(TopicPartition partition, long offset) {
        positions.put(partition, offset);
    }

    @Override
    public long position(TopicPartition partition, Duration timeout) {
        return Optional.ofNullable(positions.get(partition)).orElseThrow();
    }

    @Override
    public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
        Map<TopicPartition, Long> from = new LinkedHashMap<>(positions);
        try {
            Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> records =
                    connection.call(timeout, () -> read(from));
            records.forEach(
                    (partition, some) -> positions.put(partition, some.getLast().offset() + 1));
            return new ConsumerRecords<>(records, Map.of());
        } catch (TimeoutException nothing) {
            return ConsumerRecords.empty();
        }
    }

    private Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> read(Map<TopicPartition, Long> positions) {
        Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> records = new LinkedHashMap<>();
        positions.forEach((partition, from) -> {
            List<ConsumerRecord<byte[], byte[]>> log = logs.records(partition);
            if (from < log.size()) {
                records.put(partition, List.copyOf(log.subList(from.intValue(), log.size())));
            }
        });
        return records;
    }
}
