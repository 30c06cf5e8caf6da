package dev.penstock.worker.join;

import dev.penstock.features.cache.FeatureCache;
import dev.penstock.features.cache.FeatureUpdate;
import dev.penstock.features.vector.EntityKey;
import dev.penstock.kafka.TopicFollower;
import dev.penstock.kafka.TopicRecorder;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.Datatype;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a view warm by what is published on its topic. Each worker follows all of it, from now on, for what it holds itself; one of them, as
 * a group, takes it into Redis, from the topic's beginning.
 */
public final class FeatureUpdates implements TopicFollower.Listener, TopicRecorder.Store, AutoCloseable {
    private static final Logger LOG = Logger.getLogger(FeatureUpdates.class);

    /** A batch has to pass within one round trip's timeout. */
    private static final int RECORDS_A_WRITE = 250;

    private static final int SESSION_TIMEOUT_MS = 6000;
    private static final Duration LONGEST_START = Duration.ofSeconds(10);

    private final FeatureCache cache;
    private final Datatype entities;
    private final String topic;
    private final Counter read;
    private final Counter broken;
    private final TopicFollower follower;
    private final Optional<TopicRecorder> recorder;

    /**
     * The view's topic must exist.
     *
     * @param kafka what all clients share: brokers and credentials
     * @param entities BYTES when they go by names, else by numbers
     */
    public FeatureUpdates(Map<String, Object> kafka, FeatureCache cache, Datatype entities, MeterRegistry registry) {
        String view = cache.view().name();
        this.cache = cache;
        this.entities = entities;
        this.topic = Topics.features(view);
        this.read = counter(registry, view, "read");
        this.broken = counter(registry, view, "broken");
        this.follower = new TopicFollower(
                "penstock-features-" + view,
                consumer(kafka, Map.of(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "latest")),
                this);
        this.recorder = cache.isShared()
                ? Optional.of(new TopicRecorder(
                        "penstock-features-recorder-" + view,
                        consumer(
                                kafka,
                                Map.of(
                                        ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                                        "earliest",
                                        ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
                                        RECORDS_A_WRITE,
                                        ConsumerConfig.GROUP_ID_CONFIG,
                                        Topics.featureRecorders(
                                                view, cache.view().layout()),
                                        ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG,
                                        SESSION_TIMEOUT_MS,
                                        ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG,
                                        SESSION_TIMEOUT_MS / 4)),
                        topic,
                        this))
                : Optional.empty();
    }

    /** Waits until this worker hears of whatever is published; for a time, since without it features are only older. */
    public void awaitFollowing() throws InterruptedException {
        if (!follower.awaitAssigned(LONGEST_START)) {
            LOG.warnf("%s cannot be followed yet; until then, features change when they are refreshed", topic);
        }
    }

    @Override
    public void assign(KafkaConsumer<byte[], byte[]> consumer) {
        List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                .map(each -> new TopicPartition(topic, each.partition()))
                .toList();
        if (partitions.isEmpty()) {
            throw new UnknownTopicOrPartitionException("the broker at hand has not heard of " + topic + " yet");
        }
        consumer.assign(partitions);
        consumer.seekToEnd(partitions);
    }

    @Override
    public void received(ConsumerRecord<byte[], byte[]> record) {
        Optional<FeatureUpdate> update = read(record, Logger.Level.WARN);
        (update.isPresent() ? read : broken).increment();
        update.ifPresent(cache::update);
    }

    @Override
    public CompletionStage<?> store(List<ConsumerRecord<byte[], byte[]>> records) {
        return cache.share(records.stream()
                .map(record -> read(record, Logger.Level.DEBUG))
                .flatMap(Optional::stream)
                .toList());
    }

    @Override
    public void close() {
        follower.close();
        recorder.ifPresent(TopicRecorder::close);
    }

    private Optional<FeatureUpdate> read(ConsumerRecord<byte[], byte[]> record, Logger.Level ofBroken) {
        try {
            return Optional.of(FeatureUpdate.read(
                    cache.view(),
                    entity(record.key()),
                    Optional.ofNullable(record.value()),
                    Math.clamp(record.timestamp(), 0, System.currentTimeMillis())));
        } catch (FeatureUpdate.BrokenException | CharacterCodingException | IllegalArgumentException notOurs) {
            LOG.logf(
                    ofBroken,
                    "%s-%d@%d is no update of view '%s'; skipped: %s",
                    topic,
                    record.partition(),
                    record.offset(),
                    cache.view().name(),
                    notOurs.getMessage());
            return Optional.empty();
        }
    }

    private EntityKey entity(byte @Nullable [] key) throws CharacterCodingException {
        if (key == null) {
            throw new IllegalArgumentException("its key must be an entity, was null");
        }
        String text =
                StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(key)).toString();
        return entities == Datatype.BYTES ? new EntityKey.Name(text) : new EntityKey.Id(Long.parseLong(text));
    }

    private static Counter counter(MeterRegistry registry, String view, String result) {
        return Counter.builder("feature.updates")
                .description("Records of the view's topic that this worker has heard")
                .tag("view", view)
                .tag("result", result)
                .register(registry);
    }

    private static KafkaConsumer<byte[], byte[]> consumer(Map<String, Object> kafka, Map<String, Object> more) {
        Map<String, Object> config = new HashMap<>(kafka);
        config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        config.putAll(more);
        return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }
}
