package dev.penstock.ingress.outcomes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.kafka.KafkaClients;
import dev.penstock.kafka.TopicIndexer;
import dev.penstock.kafka.TopicLayout;
import dev.penstock.local.EmbeddedKafka;
import dev.penstock.local.RedisUnderTest;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.Reply;
import dev.penstock.messages.RequestId;
import dev.penstock.messages.Timings;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.Problem;
import dev.penstock.redis.GuardedRedis;
import dev.penstock.tenants.Tenant;
import dev.penstock.tenants.quota.OpenRequests;
import dev.penstock.threads.Faults;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Outcomes on a real broker, with a real Redis that loses its data, stops answering, or is full. */
class LostRedisTest {
    private static final Map<String, Object> FROM_BEGINNING =
            Map.of(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    private static final Tenant TENANT = Tenant.anonymous(Optional.empty());
    private static final Outcome FAILED =
            new Outcome.Failed(Problem.of(Problem.Kind.INFERENCE_FAILED, "the first outcome"));

    private static final EmbeddedKafka broker = EmbeddedKafka.start();
    private static final KafkaClients kafka = new KafkaClients(Map.of("bootstrap.servers", broker.bootstrapServers()));
    private static final Producer<byte[], byte[]> producer = kafka.producer(Map.of(ProducerConfig.ACKS_CONFIG, "all"));

    private final RedisUnderTest redis = new RedisUnderTest();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Faults faults = new Faults("ingress");
    private final AtomicLong clockAheadMillis = new AtomicLong();
    private final RequestIdIssuer ids = new RequestIdIssuer(new byte[16], this::now);
    private final GuardedRedis guarded =
            new GuardedRedis("requests", redis.client(), Duration.ofMillis(500), Duration.ofMillis(100));
    private final ResultStore results = new ResultStore(
            redis.client(),
            guarded,
            new OpenRequests(guarded::send, () -> 1, this::now),
            Duration.ofHours(1),
            this::now);
    private final OutcomeLog log = new OutcomeLog(
            () -> kafka.searcher(FROM_BEGINNING),
            faults,
            Duration.ofSeconds(20),
            Duration.ofHours(24),
            this::now,
            meters);
    private final OutcomeFinder finder = new OutcomeFinder(results, log::find);
    private final List<TopicIndexer> recorders = new ArrayList<>();

    @BeforeAll
    static void makeTopics() throws Exception {
        TopicLayout layout = new TopicLayout(true, 1, 3, Optional.empty(), 1 << 20, Duration.ofHours(24));
        try (Admin admin = kafka.admin()) {
            layout.create(admin, layout.shared());
        }
    }

    @AfterAll
    static void stopBroker() {
        producer.close();
        broker.close();
    }

    @AfterEach
    void stop() {
        recorders.forEach(TopicIndexer::close);
        log.close();
        redis.close();
        assertThat(faults.first()).isEmpty();
    }

    @Test
    void redisAnswersWhileItIsWell() {
        record();
        RequestId done = failed();
        RequestId open = issue();
        awaitIndexed(done);
        await().until(() -> look(open).isConclusive());
        double lookups = lookups();
        assertThat(find(done)).isEqualTo(Optional.of("failed"));
        assertThat(find(open)).isEmpty();
        assertThat(lookups()).isEqualTo(lookups);
    }

    @Test
    void aFlushedRedisLosesNoOutcomeAndIsFilledAgain() {
        record();
        RequestId done = failed();
        awaitIndexed(done);

        redis.flush();
        assertThat(find(done)).isEqualTo(Optional.of("failed"));
        RequestId inFlight = failed();
        assertThat(find(inFlight)).isEqualTo(Optional.of("failed"));

        awaitIndexed(done);
        awaitIndexed(inFlight);
    }

    /** A worker that took over repeats a request past its deadline: `expired` follows `failed` in the log. */
    @Test
    void theFirstOutcomeInTheLogWinsAgainAfterAFlush() {
        record();
        RequestId id = failed();
        awaitIndexed(id);

        redis.flush();
        append(id, new Outcome.Expired());
        await().until(() -> {
            assertThat(find(id)).isEqualTo(Optional.of("failed"));
            return look(id).outcome().isPresent();
        });
        assertThat(find(id)).isEqualTo(Optional.of("failed"));
    }

    @Test
    void anOlderStateOfRedisLosesNoOutcome() {
        record();
        awaitIndexed(failed());
        Map<String, String> older = positions();
        RequestId done = failed();
        awaitIndexed(done);

        redis.flush();
        older.forEach((field, value) -> redis.send(Request.cmd(Command.HSET)
                .arg("penstock:results:positions")
                .arg(field)
                .arg(value)));
        awaitIndexed(done);
        append(done, new Outcome.Expired());
        assertThat(find(done)).isEqualTo(Optional.of("failed"));
    }

    @Test
    void aNextOwnerGoesOnWhereTheIndexIs() {
        TopicIndexer first = record();
        RequestId before = failed();
        awaitIndexed(before);
        first.close();
        RequestId between = failed();
        awaitFound(between);
        assertThat(look(between).outcome()).isEmpty();

        record();
        awaitIndexed(between);
        awaitIndexed(before);
    }

    @Test
    void aFrozenRedisIsReplacedByTheLog() throws Exception {
        record();
        RequestId done = failed();
        awaitIndexed(done);
        redis.freeze();
        try {
            assertThat(find(done)).isEqualTo(Optional.of("failed"));
            RequestId inFlight = issue();
            assertThat(find(inFlight)).isEmpty();
            append(inFlight, FAILED);
            assertThat(find(inFlight)).isEqualTo(Optional.of("failed"));
        } finally {
            redis.goOn();
        }
        await().ignoreExceptions().until(() -> look(done).outcome().isPresent());
    }

    @Test
    void aFullRedisIsReplacedByTheLog() {
        redis.send(
                Request.cmd(Command.CONFIG).arg("SET").arg("maxmemory-policy").arg("noeviction"));
        record();
        RequestId done = failed();
        awaitIndexed(done);

        redis.fill();
        RequestId inFlight = failed();
        awaitFound(inFlight);
        assertThat(find(done)).isEqualTo(Optional.of("failed"));
        assertThat(look(inFlight).outcome()).isEmpty();

        redis.makeRoom();
        awaitIndexed(inFlight);
    }

    @Test
    void whatRedisEvictedIsInTheLog() {
        record();
        RequestId done = failed();
        awaitIndexed(done);
        redis.fill(); // evicts what has a time to live, with the next write
        redis.client().send(Request.cmd(Command.SET).arg("k").arg("v"));
        await().until(() -> look(done).outcome().isEmpty());
        assertThat(find(done)).isEqualTo(Optional.of("failed"));
        redis.makeRoom();
    }

    @Test
    void theOutcomeOfASynchronousCallIsTheFirstReplyInItsPartition() {
        RequestId id = ids.issueToCaller(TENANT, Duration.ofSeconds(30));
        assertThat(find(id)).isEmpty();
        append(id, FAILED);
        append(id, new Outcome.Expired());
        assertThat(find(id)).isEqualTo(Optional.of("failed"));
    }

    @Test
    void onlyWhatTheLogHasDeletedIsGone() throws Exception {
        clockAheadMillis.set(-Duration.ofMinutes(11).toMillis());
        RequestId old = ids.issueToCaller(TENANT, Duration.ofHours(2));
        clockAheadMillis.set(0);
        int partition = RequestIdIssuer.partitionOf(old, 3);
        append(ids.issueToCaller(TENANT, Duration.ofHours(2)), FAILED); // of the same ingress, so in the same partition
        try (Admin admin = kafka.admin()) {
            admin.deleteRecords(Map.of(new TopicPartition(Topics.REPLIES, partition), RecordsToDelete.beforeOffset(-1)))
                    .all()
                    .get();
        }
        RequestId recent = ids.issueToCaller(TENANT, Duration.ofHours(2));

        assertThat(finder.find(old))
                .failsWithin(Duration.ofSeconds(20))
                .withThrowableThat()
                .withCauseInstanceOf(ProblemException.class);
        assertThat(find(recent)).isEmpty();
    }

    @Test
    void failsInTimeWhenKafkaIsAway() {
        KafkaClients away = new KafkaClients(Map.of("bootstrap.servers", "localhost:1", "default.api.timeout.ms", 500));
        try (OutcomeLog lost = new OutcomeLog(
                () -> away.searcher(FROM_BEGINNING),
                faults,
                Duration.ofMillis(300),
                Duration.ofHours(24),
                this::now,
                new SimpleMeterRegistry())) {
            assertThat(lost.find(issue())).failsWithin(Duration.ofSeconds(10));
        }
    }

    private long now() {
        return System.currentTimeMillis() + clockAheadMillis.get();
    }

    private TopicIndexer record() {
        TopicIndexer recorder = new TopicIndexer(
                "recorder",
                "Nothing is recorded.",
                faults,
                kafka.recorder(UUID.randomUUID().toString(), FROM_BEGINNING),
                Topics.RESULTS,
                new ResultRecorder(
                        results,
                        ids,
                        new DroppedReplyMeters(meters),
                        new OwnPartitions(ids),
                        (id, outcome, stored) -> {}),
                Duration.ofHours(1),
                System::nanoTime,
                this::now);
        recorders.add(recorder);
        return recorder;
    }

    private RequestId issue() {
        return ids.issue(TENANT, Duration.ofSeconds(30));
    }

    private RequestId failed() {
        RequestId id = issue();
        append(id, FAILED);
        return id;
    }

    private static void append(RequestId id, Outcome outcome) {
        Reply reply = new Reply(id.toString(), "digits", "1", outcome, Timings.NONE);
        ProducerRecord<byte[], byte[]> record = RequestIdIssuer.isToCaller(id)
                ? new ProducerRecord<>(Topics.REPLIES, RequestIdIssuer.partitionOf(id, 3), null, reply.value())
                : new ProducerRecord<>(Topics.RESULTS, id.toString().getBytes(UTF_8), reply.value());
        reply.writeHeaders(record.headers());
        CompletableFuture<Void> done = new CompletableFuture<>();
        producer.send(record, (metadata, failure) -> {
            if (failure == null) {
                done.complete(null);
            } else {
                done.completeExceptionally(failure);
            }
        });
        done.join();
    }

    private Optional<String> find(RequestId id) {
        return finder.find(id).join().map(found -> found.reply().outcome().status());
    }

    /** For some seconds Redis still proves that there was no outcome. */
    private void awaitFound(RequestId id) {
        await().until(() -> find(id).isPresent());
        assertThat(find(id)).isEqualTo(Optional.of("failed"));
    }

    private ResultStore.Look look(RequestId id) {
        return results.look(id).toCompletionStage().toCompletableFuture().join();
    }

    private void awaitIndexed(RequestId id) {
        await().atMost(Duration.ofSeconds(90))
                .ignoreExceptions()
                .until(() -> look(id).outcome().isPresent());
    }

    private Map<String, String> positions() {
        Response all = redis.send(Request.cmd(Command.HGETALL).arg("penstock:results:positions"));
        Map<String, String> positions = new HashMap<>();
        all.getKeys().forEach(field -> positions.put(field, all.get(field).toString()));
        return positions;
    }

    private double lookups() {
        return meters.find("inference.outcome.lookups").counters().stream()
                .mapToDouble(counter -> counter.count())
                .sum();
    }
}
