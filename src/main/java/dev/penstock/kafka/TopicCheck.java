package dev.penstock.kafka;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jboss.logging.Logger;

/**
 * Checks that topics exist and are as they should be. A missing topic fails the check, and the message says how to declare it. A wrong one is
 * reported by name. Timestamps by the producers' clocks are set right where the topics are ours, because deadlines would count from them.
 */
final class TopicCheck {
    private static final Logger LOG = Logger.getLogger(TopicCheck.class);
    private static final String TIMESTAMPS = TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG;
    private static final String BY_THE_BROKER = "LogAppendTime";

    private final Admin admin;
    private final boolean areOurs;
    private final Optional<AuthorizationException> denied;

    /**
     * @param areOurs whether topics may be changed
     * @param denied why missing topics could not be created
     */
    TopicCheck(Admin admin, boolean areOurs, Optional<AuthorizationException> denied) {
        this.admin = admin;
        this.areOurs = areOurs;
        this.denied = denied;
    }

    /** A wrong value of a topic's setting. */
    private record Wrong(String setting, String mustBe, String is) {}

    /** @throws ExecutionException when a topic is missing, or the broker is out of reach */
    void check(List<NewTopic> wanted) throws ExecutionException, InterruptedException {
        Map<String, TopicDescription> found = describe(wanted);
        List<NewTopic> missing = wanted.stream()
                .filter(topic -> !found.containsKey(topic.name()))
                .toList();
        if (!missing.isEmpty()) {
            throw new ExecutionException(new UnknownTopicOrPartitionException(missing(missing)));
        }
        Map<String, Config> settings = settings(wanted);
        for (NewTopic topic : wanted) {
            List<Wrong> wrongs = new ArrayList<>();
            int partitions =
                    Objects.requireNonNull(found.get(topic.name())).partitions().size();
            if (topic.numPartitions() == 1 && partitions != 1) {
                wrongs.add(new Wrong("the number of partitions", "1", Integer.toString(partitions)));
            }
            Config config = settings.get(topic.name());
            if (config != null) {
                wrongs.addAll(wrongs(topic, config));
            }
            for (Wrong wrong : wrongs) {
                report(topic, wrong);
            }
        }
    }

    private Map<String, TopicDescription> describe(List<NewTopic> wanted)
            throws ExecutionException, InterruptedException {
        Map<String, TopicDescription> found = new HashMap<>();
        for (var topic : admin.describeTopics(names(wanted)).topicNameValues().entrySet()) {
            try {
                found.put(topic.getKey(), topic.getValue().get());
            } catch (ExecutionException failure) {
                if (!(failure.getCause() instanceof UnknownTopicOrPartitionException)) {
                    throw failure;
                }
            }
        }
        return found;
    }

    private String missing(List<NewTopic> topics) {
        return topics.stream().map(TopicCheck::declaration).collect(Collectors.joining("; "))
                + denied.map(right -> "; may not create it: grant Create, or declare it (" + right.getMessage() + ")")
                        .orElse(areOurs ? "" : "; declare it, or set penstock.topics.create=true");
    }

    private static String declaration(NewTopic topic) {
        String settings = topic.configs().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(setting -> setting.getKey() + "=" + setting.getValue())
                .collect(Collectors.joining(", "));
        return "topic " + topic.name() + " is missing; it should have " + topic.numPartitions() + " partition(s) and "
                + settings;
    }

    /** Empty without the right to see them: then nothing is known to be wrong. */
    private Map<String, Config> settings(List<NewTopic> wanted) throws ExecutionException, InterruptedException {
        Map<String, Config> settings = new HashMap<>();
        Map<ConfigResource, KafkaFuture<Config>> answers = admin.describeConfigs(
                        names(wanted).stream().map(TopicCheck::resource).toList())
                .values();
        for (var answer : answers.entrySet()) {
            try {
                settings.put(answer.getKey().name(), answer.getValue().get());
            } catch (ExecutionException failure) {
                if (!(failure.getCause() instanceof AuthorizationException)) {
                    throw failure;
                }
                LOG.debugf(
                        "The settings of topic %s are not checked: %s",
                        answer.getKey().name(), failure);
            }
        }
        return settings;
    }

    private static List<Wrong> wrongs(NewTopic topic, Config config) {
        Map<String, String> wanted = topic.configs();
        List<Wrong> wrongs = new ArrayList<>();
        String stamps = value(config, TIMESTAMPS);
        if (!stamps.equals(BY_THE_BROKER)) {
            wrongs.add(new Wrong(TIMESTAMPS, BY_THE_BROKER, stamps));
        }
        String cleanup = value(config, TopicConfig.CLEANUP_POLICY_CONFIG);
        boolean shouldBeCompact =
                wanted.getOrDefault(TopicConfig.CLEANUP_POLICY_CONFIG, "delete").contains("compact");
        if (cleanup.contains("compact") != shouldBeCompact) {
            wrongs.add(new Wrong(
                    TopicConfig.CLEANUP_POLICY_CONFIG,
                    wanted.getOrDefault(TopicConfig.CLEANUP_POLICY_CONFIG, "delete"),
                    cleanup));
        }
        String bytes = wanted.get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG);
        String maxBytes = value(config, TopicConfig.MAX_MESSAGE_BYTES_CONFIG);
        if (bytes != null && Long.parseLong(maxBytes) < Long.parseLong(bytes)) {
            wrongs.add(new Wrong(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, "at least " + bytes, maxBytes));
        }
        return wrongs;
    }

    private static String value(Config config, String name) {
        ConfigEntry entry = config.get(name);
        return entry == null ? "" : String.valueOf(entry.value());
    }

    private void report(NewTopic topic, Wrong wrong) throws InterruptedException {
        if (areOurs && wrong.setting.equals(TIMESTAMPS) && isSetRight(topic, wrong)) {
            LOG.infof("Topic %s: changed %s from %s to %s", topic.name(), wrong.setting, wrong.is, wrong.mustBe);
        } else {
            LOG.warnf("Topic %s: %s must be %s, is %s", topic.name(), wrong.setting, wrong.mustBe, wrong.is);
        }
    }

    private boolean isSetRight(NewTopic topic, Wrong wrong) throws InterruptedException {
        try {
            admin.incrementalAlterConfigs(Map.of(
                            resource(topic.name()),
                            List.of(new AlterConfigOp(
                                    new ConfigEntry(wrong.setting, wrong.mustBe), AlterConfigOp.OpType.SET))))
                    .all()
                    .get();
            return true;
        } catch (ExecutionException refused) {
            LOG.debugf(refused, "Topic %s: %s could not be changed", topic.name(), wrong.setting);
            return false;
        }
    }

    private static List<String> names(List<NewTopic> topics) {
        return topics.stream().map(NewTopic::name).toList();
    }

    private static ConfigResource resource(String topic) {
        return new ConfigResource(ConfigResource.Type.TOPIC, topic);
    }
}
