package dev.penstock.ingress.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.kafka.KafkaClients;
import dev.penstock.local.SecuredKafka;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.Lane;
import dev.penstock.threads.Faults;
import dev.penstock.threads.LoggedLines;
import dev.penstock.threads.ServiceThread;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Against a real broker: what stands in the log is work only if a worker will read it. */
class LagWatchTest implements LagWatch.Listener {
    private static final Duration SOON = Duration.ofSeconds(90);

    private final SecuredKafka broker = SecuredKafka.shared();
    private final Admin admin = broker.admin();
    private final Faults faults = new Faults("ingress");
    /** The sums over all partitions. */
    private final Map<String, PartitionLag> lags = new ConcurrentHashMap<>();

    private final Set<Boolean> answered = ConcurrentHashMap.newKeySet();

    @AfterEach
    void close() {
        assertThat(faults.isEmpty()).isTrue();
        admin.close();
    }

    @Test
    void aTransactionThatIsOpenOrWasAbortedIsNoWorkOnceItsMarkerIsCommitted() throws Exception {
        create("tx");
        try (LagWatch watch = watch(admin, "tx");
                KafkaProducer<byte[], byte[]> producer = producer(Map.of("transactional.id", "lag-watch"))) {
            producer.initTransactions();
            producer.beginTransaction();
            producer.send(request("tx")).get();
            producer.flush();
            await().atMost(SOON).until(() -> isSeen("tx"));
            assertThat(lag("tx")).as("while it is open").isZero();
            producer.abortTransaction();
            // The worker's position is behind the marker, and it commits that when it has nothing to do.
            commit("tx", 2);

            await().atMost(SOON).until(() -> seen("tx").committed() == 2);
            assertThat(lag("tx")).isZero();
        }
    }

    @Test
    void whatWasDeletedUnreadIsNoWork() throws Exception {
        create("trimmed");
        try (LagWatch watch = watch(admin, "trimmed");
                KafkaProducer<byte[], byte[]> producer = producer(Map.of())) {
            for (int i = 0; i < 5; i++) {
                producer.send(request("trimmed")).get();
            }
            commit("trimmed", 2);
            await().atMost(SOON).until(() -> isSeen("trimmed") && lag("trimmed") == 3);

            admin.deleteRecords(Map.of(partition("trimmed"), RecordsToDelete.beforeOffset(4)))
                    .all()
                    .get();
            await().atMost(SOON).until(() -> lag("trimmed") == 1);
            admin.deleteRecords(Map.of(partition("trimmed"), RecordsToDelete.beforeOffset(-1)))
                    .all()
                    .get();
            await().atMost(SOON).until(() -> lag("trimmed") == 0);
        }
    }

    @Test
    void aTopicThatWasMadeAgainHasNoNegativeLag() throws Exception {
        create("again");
        try (LagWatch watch = watch(admin, "again");
                KafkaProducer<byte[], byte[]> producer = producer(Map.of())) {
            producer.send(request("again")).get();
            commit("again", 1000);
            await().atMost(SOON).until(() -> isSeen("again"));
            assertThat(lag("again")).isZero();
            assertThat(seen("again").committed()).isEqualTo(seen("again").end());
        }
    }

    @Test
    void noticesThatKafkaDoesNotAnswerAndEndsWithoutIt() {
        try (LoggedLines lines = LoggedLines.of(ServiceThread.class)) {
            try (LagWatch watch = watch(Admin.create(Map.of("bootstrap.servers", "127.0.0.1:1")), "m")) {
                await().atMost(SOON).until(() -> answered.contains(false));
                assertThat(answered).containsExactly(false);
            }
            assertThat(lines.text()).doesNotContain("did not end");
        }
    }

    @Test
    void doesNotTakeAQuestionThatItDoesNotAskForAnAnswer() {
        AtomicInteger looks = new AtomicInteger();
        Admin dead = Admin.create(Map.of("bootstrap.servers", "127.0.0.1:1"));
        try (LagWatch watch = new LagWatch(
                dead,
                Duration.ofMillis(50),
                () -> looks.getAndIncrement() % 10 == 9 ? Set.of("m") : Set.of(),
                this,
                faults)) {
            await().atMost(SOON).until(() -> looks.get() > 15);
            assertThat(answered).containsExactly(false);
        }
    }

    @Test
    void noticesPartitionsThatAreAdded() throws Exception {
        create("grows-lag");
        try (LagWatch watch = watch(admin, "grows-lag");
                KafkaProducer<byte[], byte[]> producer = producer(Map.of())) {
            await().atMost(SOON).until(() -> isSeen("grows-lag"));
            admin.createPartitions(Map.of(topic("grows-lag"), NewPartitions.increaseTo(2)))
                    .all()
                    .get();
            producer.send(new ProducerRecord<>(topic("grows-lag"), 1, null, new byte[1]))
                    .get();
            await().atMost(SOON).until(() -> lag("grows-lag") == 1);
        }
    }

    @Test
    void aModelWhoseOffsetsAreDeniedHoldsBackNoOther() throws Exception {
        create("open");
        create("closed");
        for (String model : List.of("open", "closed")) {
            for (String topic : Topics.requests(model)) {
                broker.grant(ResourceType.TOPIC, topic, AclOperation.DESCRIBE);
            }
        }
        broker.grant(ResourceType.GROUP, Topics.workerGroup("open"), AclOperation.DESCRIBE);
        try (LoggedLines lines = LoggedLines.of(LagWatch.class);
                LagWatch watch = watch(new KafkaClients(broker.asUser()).admin(), "open", "closed", "missing")) {
            await().atMost(SOON).until(() -> isSeen("open") && lines.text().contains("closed.workers"));
            assertThat(isSeen("closed")).isFalse();
            assertThat(lines.text())
                    .contains("Kafka does not tell the offsets of group penstock.closed.workers")
                    .contains("may not describe group penstock.closed.workers; grant it describe");
        }
    }

    private LagWatch watch(Admin client, String... models) {
        return new LagWatch(client, Duration.ofMillis(50), () -> Set.of(models), this, faults);
    }

    @Override
    public void kafkaAnswers(boolean answers) {
        answered.add(answers);
    }

    @Override
    public void asking(Collection<String> models) {}

    @Override
    public void lag(String model, Map<Lane, LagWatch.LaneLag> lanes, int ingresses) {
        List<PartitionLag> partitions =
                Objects.requireNonNull(lanes.get(Lane.INTERACTIVE)).partitions();
        lags.put(
                model,
                new PartitionLag(
                        0,
                        partitions.stream().mapToLong(PartitionLag::end).sum(),
                        partitions.stream().mapToLong(PartitionLag::committed).sum()));
    }

    private boolean isSeen(String model) {
        return lags.containsKey(model);
    }

    private long lag(String model) {
        return seen(model).records();
    }

    private PartitionLag seen(String model) {
        return Objects.requireNonNull(lags.get(model));
    }

    private void create(String model) throws Exception {
        admin.createTopics(Topics.requests(model).stream()
                        .map(name -> new NewTopic(name, 1, (short) 1))
                        .toList())
                .all()
                .get();
    }

    private void commit(String model, long offset) throws Exception {
        admin.alterConsumerGroupOffsets(
                        Topics.workerGroup(model), Map.of(partition(model), new OffsetAndMetadata(offset)))
                .all()
                .get();
    }

    private KafkaProducer<byte[], byte[]> producer(Map<String, Object> own) {
        Map<String, Object> settings = new HashMap<>(own);
        settings.put("bootstrap.servers", broker.clear());
        return new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private static ProducerRecord<byte[], byte[]> request(String model) {
        return new ProducerRecord<>(topic(model), new byte[1]);
    }

    private static TopicPartition partition(String model) {
        return new TopicPartition(topic(model), 0);
    }

    private static String topic(String model) {
        return Topics.requests(model, Lane.INTERACTIVE);
    }
}
