package dev.penstock.worker.intake;

import dev.penstock.kafka.KafkaClients;
import dev.penstock.messages.Topics;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.GroupProtocol;

/** Makes the consumers by which workers share a model's requests, as members of that model's group. */
public final class RequestConsumers {
    /** The others hear at their next heartbeat that a worker has left, and that its partitions are theirs. */
    private static final int HEARTBEAT_MS = 300;

    /**
     * A rebalance waits so long for members that do not join it. The broker may still expect one that is gone: with Kafka's default of
     * 5 min, a group stood still for as long after a broker and a worker had died together. The intake polls every 100 ms; a worker whose
     * intake hangs for longer than this leaves the group.
     */
    private static final int MAX_POLL_INTERVAL_MS = 15_000;

    private final KafkaClients kafka;
    private final GroupProtocol protocol;

    public RequestConsumers(KafkaClients kafka, GroupProtocol protocol) {
        this.kafka = kafka;
        this.protocol = protocol;
    }

    /** Returns a new member of the model's group. */
    public Consumer<byte[], byte[]> forModel(String model) {
        Map<String, Object> settings = new HashMap<>();
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 1000);
        settings.put(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, MAX_POLL_INTERVAL_MS);
        if (protocol == GroupProtocol.CLASSIC) {
            settings.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, HEARTBEAT_MS);
        }
        return kafka.member(Topics.workerGroup(model), protocol, settings);
    }
}
