package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.RequestId;
import dev.penstock.messages.RequestIds;
import dev.penstock.samples.DigitsTable;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import jakarta.inject.Inject;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@WholeService
class IdempotencyTest {
    private static final String KEY = "Idempotency-Key";
    private static final String INFER = "/v2/models/digits/infer";
    private static final String BODY =
            Digits.request(DigitsTable.load().heldOut().getFirst());

    @Inject
    Redis redis;

    private final String key = UUID.randomUUID().toString();
    private Service service;

    @BeforeEach
    void connect() {
        service = Service.underTest().awaitModel("digits");
    }

    @Test
    void aRepeatedCallGetsTheResponseOfTheFirst() {
        Service.Answer first = service.post(INFER, BODY, KEY, key);
        Service.Answer second = service.post(INFER, BODY, KEY, key);
        assertThat(first.status()).isEqualTo(200);
        assertThat(second.status()).isEqualTo(200);
        assertThat(second.body()).isEqualTo(first.body());
        assertThat(id(second)).isEqualTo(id(first));
        assertThat(published(id(first))).isEqualTo(1);
    }

    @Test
    void aRepeatedSubmitGetsTheSameLocation() {
        Service.Answer first = service.post(INFER, BODY, KEY, key, "Prefer", "respond-async");
        assertThat(first.status()).isIn(200, 202);
        service.get("/v2/requests/" + id(first), "Prefer", "wait=10");
        Service.Answer second = service.post(INFER, BODY, KEY, key, "Prefer", "respond-async");
        assertThat(second.status()).isEqualTo(200);
        assertThat(id(second)).isEqualTo(id(first));
        Service.Answer synchronous = service.post(INFER, BODY, KEY, key);
        assertThat(synchronous.body()).isEqualTo(second.body());
        assertThat(published(id(first))).isEqualTo(1);
    }

    @Test
    void runsOnceForManyConcurrentCallers() throws Exception {
        List<Future<Service.Answer>> calls = new ArrayList<>();
        try (ExecutorService callers = Executors.newFixedThreadPool(8)) {
            for (int i = 0; i < 8; i++) {
                calls.add(callers.submit(() -> service.post(INFER, BODY, KEY, key)));
            }
            for (Future<Service.Answer> call : calls) {
                assertThat(call.get().status()).isEqualTo(200);
                assertThat(id(call.get())).isEqualTo(id(calls.getFirst().get()));
            }
        }
        assertThat(published(id(calls.getFirst().get()))).isEqualTo(1);
    }

    @Test
    void rejectsTheKeyOfAnotherRequest() {
        service.post(INFER, BODY, KEY, key);
        Service.Answer other = service.post(INFER, BODY + " ", KEY, key);
        ErrorTableTest.assertProblem(other, 422, "tag:penstock.dev,2026:problem/idempotency-key-reused");
        assertThat(other.json().path("field").asText()).isEqualTo(KEY);
        assertThat(service.post("/v2/models/digits/versions/1/infer", BODY, KEY, key)
                        .status())
                .isEqualTo(422);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 256})
    void rejectsKeysOfOtherLengths(int length) {
        Service.Answer refused = service.post(INFER, BODY, KEY, "k".repeat(length));
        ErrorTableTest.assertProblem(refused, 400, "tag:penstock.dev,2026:problem/invalid-request");
        assertThat(refused.json().path("field").asText()).isEqualTo(KEY);
    }

    @Test
    void rejectsKeysWithSpaces() {
        assertThat(service.post(INFER, BODY, KEY, "a b").status()).isEqualTo(400);
    }

    @Test
    void resumesTheRequestOfAnIngressThatDiedBeforeItPublished() throws Exception {
        RequestId left = claimedByTheDead(Duration.ofSeconds(30));
        Service.Answer answer = service.post(INFER, BODY, KEY, key);
        assertThat(answer.status()).isEqualTo(200);
        assertThat(id(answer)).isEqualTo(left.toString());
        assertThat(published(left.toString())).isEqualTo(1);
    }

    /** A first connection on a busy machine takes as long as this pause. */
    @Test
    void waitsForRedisRatherThanRefuseTheCall() {
        send(Request.cmd(Command.CLIENT).arg("PAUSE").arg(300).arg("ALL"));
        assertThat(service.post(INFER, BODY, KEY, key).status()).isEqualTo(200);
    }

    @Test
    void startsOverWhenTheAbandonedRequestHasExpired() throws Exception {
        RequestId left = claimedByTheDead(Duration.ZERO);
        Service.Answer answer = service.post(INFER, BODY, KEY, key);
        assertThat(answer.status()).isEqualTo(200);
        assertThat(id(answer)).isNotEqualTo(left.toString());
    }

    @Test
    void doesNotTouchRedisForACallWithoutTheHeader() {
        service.post(INFER, BODY);
        long before = evaluations();
        assertThat(service.post(INFER, BODY).status()).isEqualTo(200);
        assertThat(evaluations()).isEqualTo(before);
    }

    /** The claim in Redis of an ingress that died between claim and publish. Its lease ends in one second. */
    private RequestId claimedByTheDead(Duration timeout) throws GeneralSecurityException {
        long now = System.currentTimeMillis();
        RequestId id = new RequestIds(ServiceStack.REQUEST_ID_KEY.getBytes(UTF_8))
                .issue(now, timeout.toMillis(), 0, 7, 2 * (int) (System.nanoTime() >>> 2));
        send(Request.cmd(Command.HSET)
                .arg("penstock:idempotency:0:" + sha256(key.getBytes(UTF_8)))
                .arg("id")
                .arg(id.toString())
                .arg("request")
                .arg(sha256(("digits\0\0\0OptionalInt.empty\0" + BODY).getBytes(UTF_8)))
                .arg("deadline")
                .arg(id.deadlineMillis())
                .arg("lease")
                .arg(now + 1000));
        return id;
    }

    private static String sha256(byte[] bytes) throws GeneralSecurityException {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    private static String id(Service.Answer answer) {
        return answer.header("Penstock-Request-Id");
    }

    private long evaluations() {
        return send(Request.cmd(Command.INFO).arg("commandstats"))
                .toString()
                .lines()
                .filter(line -> line.startsWith("cmdstat_get:") || line.startsWith("cmdstat_hmget:"))
                .mapToLong(line -> Long.parseLong(line.replaceFirst(".*calls=(\\d+),.*", "$1")))
                .sum();
    }

    private Response send(Request request) {
        return redis.send(request).toCompletionStage().toCompletableFuture().join();
    }

    private static int published(String id) {
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", ServiceStack.bootstrapServers(), "fetch.max.wait.ms", 10),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor("penstock.digits.requests").stream()
                    .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> end = consumer.endOffsets(partitions);
            int found = 0;
            while (partitions.stream()
                    .anyMatch(partition -> consumer.position(partition) < end.getOrDefault(partition, 0L))) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                    found += RecordHeaders.text(record.headers(), RecordHeaders.CORRELATION_ID)
                                    .equals(Optional.of(id))
                            ? 1
                            : 0;
                }
            }
            return found;
        }
    }
}
