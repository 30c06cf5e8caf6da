package dev.penstock.worker.intake;

import dev.penstock.messages.Topics;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.GroupProtocol;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Makes the consumers through which workers share the requests of a model, as members of that model's group. */
public final class RequestConsumers {
    /** A worker that dies hard keeps its partitions this long; shorter, and a long pause of the JVM costs a rebalance. */
    private static final int SESSION_TIMEOUT_MS = 6000;

    private final Map<String, Object> kafka;
    private final GroupProtocol protocol;

    /** @param kafka what all clients share: brokers and credentials */
    public RequestConsumers(Map<String, Object> kafka, GroupProtocol protocol) {
        this.kafka = kafka;
        this.protocol = protocol;
    }

    /** The consumer of a model's group. */
    public Consumer<byte[], byte[]> forModel(String model) {
        Map<String, Object> settings = new HashMap<>(kafka);
        settings.put(ConsumerConfig.GROUP_ID_CONFIG, Topics.workerGroup(model));
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 1000);
        settings.put(ConsumerConfig.GROUP_PROTOCOL_CONFIG, protocol.name);
        if (protocol == GroupProtocol.CLASSIC) {
            // The brokers say these for the other protocol, and a client that sets them there is refused.
            settings.put(
                    ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, CooperativeStickyAssignor.class.getName());
            settings.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, SESSION_TIMEOUT_MS);
            settings.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, SESSION_TIMEOUT_MS / 4);
        }
        return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }
}
