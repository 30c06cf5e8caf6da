package dev.penstock.ingress.submit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.penstock.kafka.KafkaClients;
import dev.penstock.local.EmbeddedKafka;
import dev.penstock.local.SecuredKafka;
import dev.penstock.threads.LoggedLines;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.BufferExhaustedException;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against real brokers. */
class PublisherTest {
    private static final SecuredKafka BROKER = SecuredKafka.shared();

    @Test
    void saysThatARecordWasNeverSentWithoutTheRightToSendItAndSendsOnceThereIsOne() throws Exception {
        create("denied", 1);
        BROKER.grant(ResourceType.TOPIC, "denied", AclOperation.DESCRIBE);
        try (Publisher publisher = publisher(BROKER.asUser());
                LoggedLines lines = LoggedLines.of(Publisher.class)) {
            publisher.prepare(List.of("denied"));
            assertThat(published(publisher, "denied")).isEqualTo(Publication.NOT_SENT);
            assertThat(published(publisher, "denied")).isEqualTo(Publication.NOT_SENT);
            assertThat(lines.lines())
                    .singleElement()
                    .asString()
                    .contains("Topic denied: records cannot be published")
                    .contains("grant it write");

            BROKER.grant(ResourceType.TOPIC, "denied", AclOperation.WRITE);
            await().atMost(Duration.ofSeconds(90))
                    .until(() -> published(publisher, "denied") == Publication.ACKNOWLEDGED);
            assertThat(lines.text()).contains("Topic denied: works again after");
        }
    }

    /** A producer refuses a record that is larger than its buffer, whatever its {@code max.request.size}. */
    @Test
    void holdsTheLargestRecordInItsBuffer() {
        Publisher.Settings settings = new Publisher.Settings(1 << 28, Duration.ofMillis(1), 1 << 27);

        assertThat(Publisher.properties(settings))
                .containsEntry(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, 1 << 27)
                .containsEntry(ProducerConfig.BUFFER_MEMORY_CONFIG, 1L << 28);
    }

    @Test
    void namesATopicThatIsNotThere() {
        try (Publisher publisher = publisher(BROKER.asUser())) {
            assertThatThrownBy(() -> publisher.prepare(List.of("no-such-topic")))
                    .isInstanceOf(TimeoutException.class)
                    .hasMessageContaining("Kafka does not say where topic no-such-topic is")
                    .hasMessageContaining("may not describe it");
        }
    }

    /** A call may come between the announcement of a model and the metadata of its topics. */
    @Test
    void sendsOnceTheTopicIsPrepared() throws Exception {
        create("soon", 1);
        BROKER.grant(ResourceType.TOPIC, "soon", AclOperation.WRITE);
        try (Publisher publisher = publisher(BROKER.asUser())) {
            CompletableFuture<Publication> early = publisher.publish(record("soon"), 0);
            publisher.prepare(List.of("soon"));
            assertThat(early.get(60, TimeUnit.SECONDS)).isEqualTo(Publication.ACKNOWLEDGED);
        }
    }

    @Test
    void aTopicThatIsNotThereHoldsBackNoOther() throws Exception {
        create("there", 1);
        BROKER.grant(ResourceType.TOPIC, "there", AclOperation.WRITE);
        try (Publisher publisher = publisher(BROKER.asUser())) {
            assertThatThrownBy(() -> publisher.prepare(List.of("not-there", "there")))
                    .hasMessageContaining("where topic not-there is");
            assertThat(published(publisher, "there")).isEqualTo(Publication.ACKNOWLEDGED);
        }
    }

    @Test
    void saysThatARecordWasNeverSentToATopicThatNobodyPrepares() throws Exception {
        try (Publisher publisher = publisher(BROKER.asUser());
                LoggedLines lines = LoggedLines.of(Publisher.class)) {
            assertThat(published(publisher, "nowhere")).isEqualTo(Publication.NOT_SENT);
            assertThat(lines.text())
                    .contains("Topic nowhere: records cannot be published", "its metadata has not come within");
        }
    }

    @Test
    void usesPartitionsThatAreAddedWithinSeconds() throws Exception {
        create("grows", 1);
        BROKER.grant(ResourceType.TOPIC, "grows", AclOperation.WRITE);
        try (Publisher publisher = publisher(BROKER.asUser());
                Admin admin = BROKER.admin()) {
            publisher.prepare(List.of("grows"));
            assertThat(published(publisher, "grows")).isEqualTo(Publication.ACKNOWLEDGED);

            admin.createPartitions(Map.of("grows", NewPartitions.increaseTo(2)))
                    .all()
                    .get();

            await().atMost(Duration.ofSeconds(90)).until(() -> {
                ProducerRecord<byte[], byte[]> added = new ProducerRecord<>("grows", 1, null, new byte[1]);
                return publisher.publish(added, 0).get(60, TimeUnit.SECONDS) == Publication.ACKNOWLEDGED;
            });
        }
    }

    /** With the broker away, the client forgets its view of the cluster; a send would then wait for metadata. */
    @Test
    void neverBlocksTheCallerWhileTheBrokerIsAway(@TempDir Path data) throws Exception {
        EmbeddedKafka kafka = start(0, data);
        String brokers = kafka.bootstrapServers();
        try (Publisher publisher = publisher(
                        Map.of("bootstrap.servers", brokers, "metadata.recovery.rebootstrap.trigger.ms", 1000));
                Admin admin = Admin.create(Map.of("bootstrap.servers", brokers))) {
            admin.createTopics(List.of(new NewTopic("t", 1, (short) 1))).all().get();
            publisher.prepare(List.of("t"));
            assertThat(published(publisher, "t")).isEqualTo(Publication.ACKNOWLEDGED);
            kafka.close();

            // Until the client has forgotten: from then on nothing is in doubt, and nothing waits.
            await().atMost(Duration.ofSeconds(90)).until(() -> {
                var publication = publisher.publish(record("t"), 0);
                return publication.isDone() && publication.join() == Publication.NOT_SENT;
            });

            kafka = start(kafka.port(), data);
            await().atMost(Duration.ofSeconds(90)).until(() -> published(publisher, "t") == Publication.ACKNOWLEDGED);
        } finally {
            kafka.close();
        }
    }

    /** So that callers hear of it within two seconds. */
    @Test
    void aRecordIsGivenUpWithinTwoSeconds() {
        assertThat(Publisher.properties(new Publisher.Settings(1 << 20, Duration.ofMillis(20), 1 << 20)))
                .hasEntrySatisfying(
                        ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
                        millis -> assertThat((int) millis).isLessThan(2000));
    }

    @Test
    void onlyAMissingAcknowledgementLeavesDoubt() {
        RecordMetadata sent = new RecordMetadata(new TopicPartition("t", 3), 0, 0, 0, 0, 0);
        RecordMetadata unsent =
                new RecordMetadata(new TopicPartition("t", RecordMetadata.UNKNOWN_PARTITION), 0, 0, 0, 0, 0);
        assertThat(Publisher.publication(sent, null)).isEqualTo(Publication.ACKNOWLEDGED);
        assertThat(Publisher.publication(unsent, new TimeoutException())).isEqualTo(Publication.NOT_SENT);
        assertThat(Publisher.publication(sent, new BufferExhaustedException("full")))
                .isEqualTo(Publication.NOT_SENT);
        assertThat(Publisher.publication(sent, new TopicAuthorizationException("t")))
                .isEqualTo(Publication.NOT_SENT);
        assertThat(Publisher.publication(sent, new TimeoutException())).isEqualTo(Publication.IN_DOUBT);
        assertThat(Publisher.publication(sent, new KafkaStorageException())).isEqualTo(Publication.IN_DOUBT);
    }

    private static Publication published(Publisher publisher, String topic) throws Exception {
        return publisher.publish(record(topic), 0).get(60, TimeUnit.SECONDS);
    }

    private static ProducerRecord<byte[], byte[]> record(String topic) {
        return new ProducerRecord<>(topic, "value".getBytes(UTF_8));
    }

    private static Publisher publisher(Map<String, Object> settings) {
        return new Publisher(
                new KafkaClients(settings),
                new Publisher.Settings(1 << 20, Duration.ofMillis(20), 1 << 20),
                new SimpleMeterRegistry(),
                fault -> {
                    throw new AssertionError(fault);
                });
    }

    private static EmbeddedKafka start(int port, Path data) {
        return EmbeddedKafka.start(port, Optional.of(data), EmbeddedKafka.DEFAULT_MAX_MESSAGE_BYTES);
    }

    private static void create(String topic, int partitions) throws Exception {
        try (Admin admin = BROKER.admin()) {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1)))
                    .all()
                    .get();
        }
    }
}
