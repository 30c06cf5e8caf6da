package dev.penstock.worker.join;

import static org.apache.kafka.clients.consumer.ConsumerConfig.ISOLATION_LEVEL_CONFIG;

import dev.penstock.features.cache.FeatureCache;
import dev.penstock.features.cache.FeatureUpdate;
import dev.penstock.features.vector.EntityKey;
import dev.penstock.kafka.KafkaClients;
import dev.penstock.kafka.TopicFollower;
import dev.penstock.kafka.TopicRecorder;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.Datatype;
import dev.penstock.threads.Fault;
import dev.penstock.threads.LimitedLog;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a view current with the updates on its topic. Each worker follows all updates from now on, for its own cache. As one group, the
 * workers also copy the topic into Redis, from its beginning.
 */
public final class FeatureUpdates implements TopicFollower.Listener, TopicRecorder.Store, AutoCloseable {
    private static final Logger LOG = Logger.getLogger(FeatureUpdates.class);
    private static final LimitedLog SKIPPED = new LimitedLog(LOG);

    /** All of them have to be written within the timeout of one round trip. */
    private static final int RECORDS_PER_WRITE = 250;

    /** Updates may come in transactions. */
    private static final String COMMITTED = IsolationLevel.READ_COMMITTED.toString();

    private static final Duration MAX_START = Duration.ofSeconds(10);

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
     * @param entities BYTES when entities are names; otherwise they are numbers
     * @param faults hears of threads that failed
     */
    public FeatureUpdates(
            KafkaClients kafka,
            FeatureCache cache,
            Datatype entities,
            MeterRegistry registry,
            java.util.function.Consumer<? super Fault> faults) {
        String view = cache.view().name();
        this.cache = cache;
        this.entities = entities;
        this.topic = Topics.features(view);
        this.read = counter(registry, view, "read");
        this.broken = counter(registry, view, "broken");
        this.follower = new TopicFollower(
                "penstock-features-" + view,
                "Features of view " + view + " change only when they are refreshed.",
                faults,
                kafka.follower(
                        Map.of(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "latest", ISOLATION_LEVEL_CONFIG, COMMITTED)),
                this);
        this.recorder = cache.isShared()
                ? Optional.of(new TopicRecorder(
                        "penstock-features-recorder-" + view,
                        "Updates of view " + view + " do not reach Redis.",
                        faults,
                        kafka.recorder(
                                Topics.featureRecorders(view, cache.view().layout()),
                                Map.of(
                                        ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                                        "earliest",
                                        ISOLATION_LEVEL_CONFIG,
                                        COMMITTED,
                                        ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
                                        RECORDS_PER_WRITE)),
                        topic,
                        this))
                : Optional.empty();
    }

    /** Waits until this worker receives updates, but not for long: without them features are only older. */
    public void awaitFollowing() throws InterruptedException {
        if (!follower.awaitAssigned(MAX_START)) {
            LOG.warnf(
                    "%s was not followed within %s; until then, features change only when they are refreshed",
                    topic, MAX_START);
        }
    }

    @Override
    public void assign(Consumer<byte[], byte[]> consumer) {
        List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                .map(each -> new TopicPartition(topic, each.partition()))
                .toList();
        if (partitions.isEmpty()) {
            throw new UnknownTopicOrPartitionException("the broker does not know " + topic + " yet");
        }
        consumer.assign(partitions);
        consumer.seekToEnd(partitions);
    }

    @Override
    public void received(ConsumerRecord<byte[], byte[]> record) {
        Optional<FeatureUpdate> update = read(record, true);
        (update.isPresent() ? read : broken).increment();
        update.ifPresent(cache::update);
    }

    @Override
    public CompletionStage<?> store(List<ConsumerRecord<byte[], byte[]>> records) {
        return cache.share(records.stream()
                .map(record -> read(record, false))
                .flatMap(Optional::stream)
                .toList());
    }

    @Override
    public void close() {
        follower.close();
        recorder.ifPresent(TopicRecorder::close);
    }

    /** @param isFirst false for a record that is read once more, for Redis */
    private Optional<FeatureUpdate> read(ConsumerRecord<byte[], byte[]> record, boolean isFirst) {
        try {
            return Optional.of(FeatureUpdate.read(
                    cache.view(),
                    entity(record.key()),
                    Optional.ofNullable(record.value()),
                    Math.clamp(record.timestamp(), 0, System.currentTimeMillis())));
        } catch (FeatureUpdate.InvalidUpdateException | CharacterCodingException | IllegalArgumentException notOurs) {
            if (isFirst) {
                SKIPPED.warn(
                        "%s-%d@%d is not an update of view '%s', and is skipped; docs/features.md has the form of updates",
                        topic, record.partition(), record.offset(), cache.view().name());
            }
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
}
