package dev.penstock.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.penstock.local.SecuredKafka;
import dev.penstock.messages.Topics;
import dev.penstock.threads.LoggedLines;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class TopicLayoutTest {
    private static final String TIMESTAMPS = "message.timestamp.type";
    private static final Admin ADMIN = SecuredKafka.shared().admin();

    private final TopicLayout ours = layout(true);
    private final TopicLayout theirs = layout(false);

    @AfterAll
    static void close() {
        ADMIN.close();
    }

    /** Kafka refuses a topic whose name differs from another by '.' in place of '_'. */
    @Test
    void makesTheTopicsOfModelsWhoseNamesDifferByADot() throws Exception {
        for (String model : List.of("dotted_v1", "dotted.v1", "dotted-.v1", "dotted-_v1")) {
            ours.create(ADMIN, ours.ofModel(model));
        }
        assertThat(ADMIN.listTopics().names().get())
                .contains("penstock.dotted_v1.requests", "penstock.dotted-.v1.requests");
    }

    @Test
    void setsTheTimestampsOfATopicRightThatIsOurs() throws Exception {
        create("ours", Map.of(TIMESTAMPS, "CreateTime"));
        try (LoggedLines lines = LoggedLines.of(TopicCheck.class)) {
            ours.create(ADMIN, ours.ofModel("ours"));
            assertThat(lines.text())
                    .contains(
                            "Topic penstock.ours.requests: changed message.timestamp.type from CreateTime to LogAppendTime");
        }
        assertThat(timestamps("penstock.ours.requests")).isEqualTo("LogAppendTime");
    }

    @Test
    void reportsByNameWhatIsWrongWithATopicThatOperatorsDeclared() throws Exception {
        create("theirs", Map.of(TIMESTAMPS, "CreateTime", "max.message.bytes", "1000", "cleanup.policy", "compact"));
        try (LoggedLines lines = LoggedLines.of(TopicCheck.class)) {
            theirs.create(ADMIN, theirs.ofModel("theirs"));
            assertThat(lines.text())
                    .contains(
                            "Topic penstock.theirs.requests: message.timestamp.type must be LogAppendTime, is CreateTime")
                    .contains("Topic penstock.theirs.requests: max.message.bytes must be at least 1048576, is 1000")
                    .contains("Topic penstock.theirs.requests: cleanup.policy must be delete, is compact");
        }
        assertThat(timestamps("penstock.theirs.requests")).isEqualTo("CreateTime");
    }

    @Test
    void reportsATopicThatMustHaveOnePartitionAndHasMore() throws Exception {
        List<NewTopic> wanted = ours.ofView("wide");
        ADMIN.createTopics(wanted.stream()
                        .map(topic -> new NewTopic(topic.name(), 2, (short) 1).configs(topic.configs()))
                        .toList())
                .all()
                .get();
        try (LoggedLines lines = LoggedLines.of(TopicCheck.class)) {
            ours.create(ADMIN, wanted);
            assertThat(lines.text())
                    .contains("Topic %s: the number of partitions must be 1, is 2"
                            .formatted(wanted.getFirst().name()));
        }
    }

    @Test
    void namesATopicThatOperatorsHaveYetToDeclareAndWhatItShouldBe() {
        assertThatThrownBy(() -> theirs.create(ADMIN, theirs.ofModel("absent")))
                .hasMessageContaining("topic penstock.absent.requests is missing; it should have 3 partition(s) and ")
                .hasMessageContaining("message.timestamp.type=LogAppendTime")
                .hasMessageContaining("topic penstock.absent.dead-letters is missing")
                .hasMessageContaining("set penstock.topics.create=true");
    }

    @Test
    void namesTheRightThatIsMissingToMakeATopic() {
        for (String topic : List.of("requests", "requests.bulk", "dead-letters")) {
            SecuredKafka.shared().grant(ResourceType.TOPIC, "penstock.denied." + topic, AclOperation.DESCRIBE);
        }
        KafkaClients restricted = new KafkaClients(SecuredKafka.shared().asUser());
        try (Admin admin = restricted.admin()) {
            assertThatThrownBy(() -> ours.create(admin, ours.ofModel("denied")))
                    .hasMessageContaining("topic penstock.denied.requests is missing")
                    .hasMessageContaining("may not create it: grant Create");
        }
    }

    /** Each ingress reads a partition of its own out of those that there are. */
    @Test
    void countsTheTopicsOwnPartitions() throws Exception {
        ADMIN.createTopics(List.of(new NewTopic(Topics.REPLIES, 4, (short) 1)))
                .all()
                .get();
        await().ignoreExceptionsInstanceOf(
                        ExecutionException.class) // not every part of the broker knows the topic at once
                .untilAsserted(() -> assertThat(TopicLayout.partitions(ADMIN, Topics.REPLIES))
                        .isEqualTo(4));
        assertThat(ours.replyPartitions()).isEqualTo(8);
    }

    private void create(String model, Map<String, String> settings) throws Exception {
        ADMIN.createTopics(ours.ofModel(model).stream()
                        .map(topic -> new NewTopic(topic.name(), 1, (short) 1).configs(settings))
                        .toList())
                .all()
                .get();
    }

    private static String timestamps(String topic) throws Exception {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        return Objects.requireNonNull(
                        ADMIN.describeConfigs(List.of(resource)).all().get().get(resource))
                .get(TIMESTAMPS)
                .value();
    }

    private static TopicLayout layout(boolean isOurs) {
        return new TopicLayout(isOurs, 3, 8, Optional.of((short) 1), 1 << 20, Duration.ofHours(1));
    }
}
