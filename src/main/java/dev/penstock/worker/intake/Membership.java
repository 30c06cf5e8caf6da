package dev.penstock.worker.intake;

import dev.penstock.messages.Topics;
import java.util.List;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.common.TopicPartition;

/** How an intake comes to its partitions. */
@FunctionalInterface
public interface Membership {
    /** Called once, on the consumer's thread, before the first poll. */
    void begin(Consumer<byte[], byte[]> consumer, ConsumerRebalanceListener rebalances);

    /** The workers of a model share its request topics as one group. */
    static Membership ofGroup(String model) {
        return (consumer, rebalances) -> consumer.subscribe(Topics.requests(model), rebalances);
    }

    /** Reads the records that come into one partition from now on. Joins no group, so no other worker loses a partition. */
    static Membership alone(TopicPartition partition) {
        return (consumer, rebalances) -> {
            consumer.assign(List.of(partition));
            consumer.seekToEnd(List.of(partition));
            rebalances.onPartitionsAssigned(List.of(partition));
        };
    }
}
