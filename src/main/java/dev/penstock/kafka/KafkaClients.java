package dev.penstock.kafka;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.MetadataRecoveryStrategy;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.GroupProtocol;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The only place that makes Kafka clients. Every client gets the shared properties (brokers, credentials), then the settings of its kind,
 * then its caller's own. No consumer commits by itself. Thread-safe.
 */
public final class KafkaClients {
    /**
     * A member that dies hard keeps its partitions for this long. A shorter timeout turns a long pause of the JVM into a rebalance.
     */
    public static final Duration SESSION_TIMEOUT = Duration.ofSeconds(6);

    private static final int SESSION_TIMEOUT_MS = (int) SESSION_TIMEOUT.toMillis();

    /** Partitions that are added to a topic are noticed within this time. Kafka's default is five minutes. */
    private static final int METADATA_AGE_MS = 5000;

    /**
     * The system sizes the buffers of sockets by need. Kafka's own sizes, 32 to 128 KiB, are less than an answer of a broker can be, and large
     * answers stalled for 200 ms on a loopback (docs/benchmarks.md).
     */
    private static final Map<String, Object> DEFAULTS = Map.of(
            CommonClientConfigs.SEND_BUFFER_CONFIG, -1,
            CommonClientConfigs.RECEIVE_BUFFER_CONFIG, -1);

    private final Map<String, Object> shared;

    /** @param shared properties of all clients: {@code bootstrap.servers} and credentials */
    public KafkaClients(Map<String, ?> shared) {
        this.shared = Map.copyOf(shared);
    }

    /** The connection that all clients share the settings of. */
    public Connection connection() {
        return new Connection(shared, this);
    }

    /** A consumer without a group, for assigned partitions. */
    public KafkaConsumer<byte[], byte[]> follower(Map<String, Object> own) {
        return consumer(followerSettings(own));
    }

    /**
     * A consumer without a group that reads what is there now, again and again. No fetch waits for records to come: the next reading would wait
     * behind it.
     */
    public KafkaConsumer<byte[], byte[]> searcher(Map<String, Object> own) {
        return consumer(searcherSettings(own));
    }

    /** A member of a group that takes a topic into a store. */
    public KafkaConsumer<byte[], byte[]> recorder(String group, Map<String, Object> own) {
        return consumer(recorderSettings(group, own));
    }

    /** A member of a group that shares work, by either group protocol. It sees committed records alone: requests may come in transactions. */
    public KafkaConsumer<byte[], byte[]> member(String group, GroupProtocol protocol, Map<String, Object> own) {
        return consumer(memberSettings(group, protocol, own));
    }

    /** A producer. Without a broker it keeps its view of the cluster, since a send without one would block. */
    public KafkaProducer<byte[], byte[]> producer(Map<String, Object> own) {
        return new KafkaProducer<>(producerSettings(own), new ByteArraySerializer(), new ByteArraySerializer());
    }

    public Admin admin() {
        return Admin.create(with(Map.of()));
    }

    Map<String, Object> producerSettings(Map<String, Object> own) {
        Map<String, Object> settings = with(Map.of(
                CommonClientConfigs.METADATA_MAX_AGE_CONFIG,
                METADATA_AGE_MS,
                CommonClientConfigs.METADATA_RECOVERY_STRATEGY_CONFIG,
                MetadataRecoveryStrategy.NONE.name));
        settings.putAll(own);
        return settings;
    }

    Map<String, Object> followerSettings(Map<String, Object> own) {
        Map<String, Object> settings = with(Map.of(
                ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                false,
                CommonClientConfigs.METADATA_MAX_AGE_CONFIG,
                METADATA_AGE_MS));
        settings.putAll(own);
        return settings;
    }

    Map<String, Object> searcherSettings(Map<String, Object> own) {
        Map<String, Object> settings = followerSettings(Map.of(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 0));
        settings.putAll(own);
        return settings;
    }

    Map<String, Object> recorderSettings(String group, Map<String, Object> own) {
        Map<String, Object> settings = followerSettings(Map.of(
                ConsumerConfig.GROUP_ID_CONFIG, group,
                ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, SESSION_TIMEOUT_MS,
                ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, SESSION_TIMEOUT_MS / 4));
        settings.putAll(own);
        return settings;
    }

    Map<String, Object> memberSettings(String group, GroupProtocol protocol, Map<String, Object> own) {
        Map<String, Object> settings = followerSettings(Map.of(
                ConsumerConfig.GROUP_ID_CONFIG,
                group,
                ConsumerConfig.GROUP_PROTOCOL_CONFIG,
                protocol.name,
                ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                IsolationLevel.READ_COMMITTED.toString()));
        if (protocol == GroupProtocol.CLASSIC) {
            // With the other protocol the brokers decide these, and reject a client that sets them.
            settings.put(
                    ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, CooperativeStickyAssignor.class.getName());
            settings.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, SESSION_TIMEOUT_MS);
            settings.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, SESSION_TIMEOUT_MS / 4);
        }
        settings.putAll(own);
        return settings;
    }

    private Map<String, Object> with(Map<String, Object> own) {
        Map<String, Object> settings = new HashMap<>(DEFAULTS);
        settings.putAll(shared);
        settings.putAll(own);
        return settings;
    }

    private static KafkaConsumer<byte[], byte[]> consumer(Map<String, Object> settings) {
        return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }
}
