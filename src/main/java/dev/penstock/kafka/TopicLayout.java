package dev.penstock.kafka;

import dev.penstock.messages.Topics;
import dev.penstock.messages.WarmUpModels;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jboss.logging.Logger;

/**
 * Describes the topics that Penstock needs, and creates those that are missing. Of an existing topic, only the kind of timestamps is changed.
 *
 * @param isOurs whether to create topics; otherwise they are declared elsewhere
 * @param requestPartitions also the most workers that can share one model's lane
 * @param replicationFactor empty means the broker's default
 */
public record TopicLayout(
        boolean isOurs,
        int requestPartitions,
        int replyPartitions,
        Optional<Short> replicationFactor,
        int maxRecordBytes,
        Duration resultRetention) {
    /** How long {@link Topics#REPLIES} keeps the outcomes of synchronous calls, at least. */
    public static final Duration REPLY_RETENTION = Duration.ofMinutes(10);

    /** Two workers that warm up at once rarely choose the same one, and then each runs the other's requests, too. */
    public static final int WARM_UP_PARTITIONS = 16;

    private static final Logger LOG = Logger.getLogger(TopicLayout.class);
    private static final CreateTopicsOptions PATIENCE = new CreateTopicsOptions().timeoutMs(10_000);
    private static final int MAX_TRIES = 100;
    private static final long TRY_AGAIN_MILLIS = 20;
    private static final Duration REQUEST_RETENTION = Duration.ofDays(7);
    private static final Duration WARM_UP_RETENTION = Duration.ofMinutes(10);

    /** The topics that all roles share. */
    public List<NewTopic> shared() {
        return List.of(
                topic(Topics.REPLIES, replyPartitions, REPLY_RETENTION),
                topic(Topics.RESULTS, replyPartitions, resultRetention),
                // Kept as long as requests may wait: a worker that starts reads earlier cancellations.
                topic(Topics.CANCELLATIONS, 1, REQUEST_RETENTION),
                new NewTopic(Topics.KEYS, Optional.of(1), replicationFactor)
                        .configs(Map.of(
                                TopicConfig.CLEANUP_POLICY_CONFIG, "compact",
                                TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, "LogAppendTime")),
                // Workers repeat it every few seconds: an announcement older than a week is from a worker long gone.
                topic(Topics.MODELS, 1, Duration.ofDays(7))
                        .configs(Map.of(
                                TopicConfig.CLEANUP_POLICY_CONFIG, "compact,delete",
                                TopicConfig.RETENTION_MS_CONFIG,
                                        Long.toString(Duration.ofDays(7).toMillis()),
                                TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, "LogAppendTime")));
    }

    public List<NewTopic> ofModel(String model) {
        List<NewTopic> topics = new ArrayList<>();
        for (String name : Topics.requests(model)) {
            topics.add(topic(name, requestPartitions, REQUEST_RETENTION));
        }
        topics.add(deadLetters(model));
        return topics;
    }

    /** The topic of an ingress's calls to itself. All ingresses that warm up share its partition, and each answers its own calls alone. */
    public List<NewTopic> ofIngressWarmUp() {
        return List.of(topic(Topics.requests(WarmUpModels.OF_INGRESS).getFirst(), 1, WARM_UP_RETENTION));
    }

    /** The topics of a worker's requests to itself. Each worker that warms up chooses one of the partitions. */
    public List<NewTopic> ofWorkerWarmUp() {
        return List.of(
                topic(Topics.requests(WarmUpModels.OF_WORKER).getFirst(), WARM_UP_PARTITIONS, WARM_UP_RETENTION),
                topic(Topics.WARM_UP_REPLIES, 1, WARM_UP_RETENTION));
    }

    public NewTopic deadLetters(String model) {
        return topic(Topics.deadLetters(model), 1, Duration.ofDays(30));
    }

    /** One partition: updates are few and small, and all workers read all of them. */
    public List<NewTopic> ofView(String view) {
        return List.of(new NewTopic(Topics.features(view), Optional.of(1), replicationFactor)
                .configs(Map.of(
                        TopicConfig.CLEANUP_POLICY_CONFIG, "compact",
                        TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, "LogAppendTime",
                        TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Integer.toString(maxRecordBytes))));
    }

    /**
     * Creates the missing topics if they are ours, and checks all: see {@link TopicCheck}.
     *
     * @throws ExecutionException when a topic is missing and cannot be made, or the broker is out of reach
     */
    public void create(Admin admin, List<NewTopic> topics) throws ExecutionException, InterruptedException {
        Optional<AuthorizationException> denied = Optional.empty();
        if (isOurs) {
            for (var created : admin.createTopics(topics, PATIENCE).values().entrySet()) {
                try {
                    created.getValue().get();
                } catch (ExecutionException refused) {
                    if (refused.getCause() instanceof AuthorizationException right) {
                        denied = Optional.of(right); // no harm where the topic exists
                        continue;
                    }
                    if (!(refused.getCause() instanceof TopicExistsException)) {
                        throw refused;
                    }
                }
                awaitKnown(admin, created.getKey()); // another process may just have made it
            }
        }
        new TopicCheck(admin, isOurs, denied).check(topics);
    }

    /**
     * Makes a topic again that was deleted, if topics are ours. Does not wait.
     *
     * @param made runs once it is made, on the client's thread
     */
    public void makeAgain(Admin admin, NewTopic topic, Runnable made) {
        if (!isOurs) {
            return;
        }
        admin.createTopics(List.of(topic), PATIENCE).all().whenComplete((none, failure) -> {
            if (failure == null) {
                LOG.warnf("Topic %s was deleted, and is made again", topic.name());
                made.run();
            } else {
                LOG.debugf(failure, "Topic %s is missing, and could not be made again", topic.name());
            }
        });
    }

    /**
     * The number of partitions that a topic has, which may not be the configured one.
     *
     * @throws ExecutionException when there is no such topic, or the broker is out of reach
     */
    public static int partitions(Admin admin, String topic) throws ExecutionException, InterruptedException {
        return Objects.requireNonNull(
                        admin.describeTopics(List.of(topic)).topicNameValues().get(topic))
                .get()
                .partitions()
                .size();
    }

    /** The broker confirms a topic before all its parts know it; clients that use it meanwhile log warnings. */
    private static void awaitKnown(Admin admin, String topic) throws ExecutionException, InterruptedException {
        for (int tries = 0; tries < MAX_TRIES; tries++) {
            try {
                admin.describeTopics(List.of(topic)).allTopicNames().get();
                return;
            } catch (ExecutionException notYet) {
                if (!(notYet.getCause() instanceof UnknownTopicOrPartitionException)) {
                    throw notYet;
                }
                TimeUnit.MILLISECONDS.sleep(TRY_AGAIN_MILLIS);
            }
        }
    }

    /** The broker sets timestamps, so one clock measures all queueing times and timeouts. */
    private NewTopic topic(String name, int partitions, Duration retention) {
        return new NewTopic(name, Optional.of(partitions), replicationFactor)
                .configs(Map.of(
                        TopicConfig.RETENTION_MS_CONFIG, Long.toString(retention.toMillis()),
                        TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, "LogAppendTime",
                        TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Integer.toString(maxRecordBytes)));
    }
}
