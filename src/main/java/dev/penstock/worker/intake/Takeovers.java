package dev.penstock.worker.intake;

import dev.penstock.worker.accepted.HandoverNote;
import dev.penstock.worker.accepted.LogPartition;
import dev.penstock.worker.accepted.Takeover;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/** Asks the broker what a worker must know of partitions that it takes over. */
final class Takeovers {
    private static final Duration TIMEOUT = Duration.ofSeconds(1);

    private Takeovers() {}

    /**
     * @param partitions assigned to the consumer, and paused
     * @throws org.apache.kafka.common.errors.ApiException when the broker does not say
     */
    static Map<LogPartition, Takeover> of(
            Consumer<byte[], byte[]> consumer, Map<TopicPartition, LogPartition> partitions) {
        Set<TopicPartition> all = partitions.keySet();
        Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(all, TIMEOUT);
        Map<TopicPartition, Long> ends = consumer.endOffsets(all, TIMEOUT);
        Map<LogPartition, Takeover> takeovers = new HashMap<>();
        partitions.forEach((partition, ours) -> takeovers.put(
                ours,
                new Takeover(
                        consumer.position(partition, TIMEOUT),
                        ends.getOrDefault(partition, 0L),
                        Optional.ofNullable(committed.get(partition))
                                .flatMap(offset -> HandoverNote.parse(offset.metadata())))));
        return takeovers;
    }
}
