package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.penstock.model.InferenceException;
import dev.penstock.model.Slot;
import dev.penstock.model.config.ModelConfig;
import dev.penstock.model.config.RemoteSection;
import dev.penstock.model.remote.RemoteModels;
import dev.penstock.model.remote.RemoteSession;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import dev.penstock.samples.DigitsTable;
import inference.GrpcService.ModelInferRequest;
import inference.GrpcService.ServerLiveRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Callers authenticate with API keys. */
@WholeService
@TestProfile(TenantsTest.WithKeys.class)
class TenantsTest {
    private static final String INFER = "/v2/models/digits/infer";
    private static final String BODY =
            Digits.request(DigitsTable.load().heldOut().getFirst());
    private static final String PATIENCE = "/v2/models/" + TestModels.PATIENCE + "/infer";
    private static final String UNAUTHENTICATED = "tag:penstock.dev,2026:problem/unauthenticated";
    private static final String FORBIDDEN = "tag:penstock.dev,2026:problem/forbidden";
    private static final String[] ANNA = {"X-API-Key", "the key of anna"};
    private static final String[] BERT = {"X-API-Key", "the key of bert"};
    private static final String[] EMIL = {"X-API-Key", "the key of emil"};

    private final Service service = Service.underTest();

    @Inject
    MeterRegistry meters;

    @Inject
    Redis redis;

    @BeforeEach
    void awaitModels() {
        await().until(() -> service.get("/v2/models/digits/ready", ANNA).status() == 200
                && service.get("/v2/models/pick/ready", BERT).status() == 200
                && service.get("/v2/models/patience/ready", EMIL).status() == 200);
    }

    @AfterEach
    void restore() {
        WithKeys.write(WithKeys.TENANTS);
        await().until(() -> service.get("/v2", ANNA).status() == 200
                && service.get("/v2", "X-API-Key", "the new key of anna").status() == 401);
    }

    @ParameterizedTest
    @CsvSource({
        "GET,/v2",
        "GET,/v2/",
        "GET,/v2/models",
        "GET,/v2/models/digits",
        "GET,/v2/models/digits/versions/1",
        "GET,/v2/models/digits/ready",
        "GET,/v2/models/digits/versions/1/ready",
        "POST,/v2/models/digits/infer",
        "POST,/v2/models/digits/versions/1/infer",
        "GET,/v2/requests/x",
        "DELETE,/v2/requests/x",
        "GET,/v2/requests/x/events",
        "GET,/v2/health/live/x",
        "GET,/v2/health/../models",
        "GET,/nowhere"
    })
    void rejectsCallsWithoutACredential(String method, String path) {
        for (String[] credential : new String[][] {
            {},
            {"X-API-Key", "none of the keys"},
            {"X-API-Key", ""},
            {"Authorization", "Bearer none of the keys"},
            {"Authorization", "Bearer"},
            {"Authorization", "Basic dGhlIGtleSBvZiBhbm5hOg=="},
            {"X-API-Key", "the key of anna", "Authorization", "Bearer the key of bert"}
        }) {
            Service.Answer answer = service.send(
                    method,
                    path,
                    method.equals("POST") ? BodyPublishers.ofString(BODY) : BodyPublishers.noBody(),
                    credential);
            ErrorTableTest.assertProblem(answer, 401, UNAUTHENTICATED);
            assertThat(answer.header("WWW-Authenticate")).startsWith("Bearer realm=\"penstock\"");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v2/health/live", "/v2/health/ready"})
    void healthNeedsNoCredential(String path) {
        assertThat(service.get(path).status()).isIn(200, 503);
    }

    @Test
    void acceptsTheKeyInEitherHeader() {
        assertThat(service.post(INFER, BODY, ANNA).status()).isEqualTo(200);
        assertThat(service.post(INFER, BODY, "Authorization", "Bearer the key of anna")
                        .status())
                .isEqualTo(200);
        assertThat(service.post(INFER, BODY, "Authorization", "bearer the second key of anna")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void overGrpcTheKeyIsInTheMetadata() {
        ModelInferRequest request =
                GrpcRequests.digits(DigitsTable.load().heldOut().getFirst());
        try (Grpc grpc = Grpc.underTest()) {
            assertThat(grpc.stub("x-api-key", "the key of anna")
                            .modelInfer(request)
                            .getModelName())
                    .isEqualTo("digits");
            assertThat(grpc.stub("authorization", "Bearer the key of anna")
                            .modelInfer(request)
                            .getModelName())
                    .isEqualTo("digits");
            assertThat(refusal(grpc, request).getStatus().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
            assertThat(refusal(grpc, request, "x-api-key", "none of the keys")
                            .getStatus()
                            .getDescription())
                    .isNotBlank();
            assertThat(refusal(grpc, request, "x-api-key", "the key of bert")
                            .getStatus()
                            .getCode())
                    .isEqualTo(Status.Code.PERMISSION_DENIED);
            assertThat(grpc.stub()
                            .serverLive(ServerLiveRequest.getDefaultInstance())
                            .getLive())
                    .isTrue();
        }
    }

    private static StatusRuntimeException refusal(Grpc grpc, ModelInferRequest request, String... metadata) {
        try {
            grpc.stub(metadata).modelInfer(request);
        } catch (StatusRuntimeException refused) {
            return refused;
        }
        throw new AssertionError("the call was not refused");
    }

    @Test
    void rejectsACallWithoutReadingItsBody() throws IOException {
        try (Wire wire = Wire.open()) {
            wire.send("POST " + INFER + " HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\n\r\n");
            Wire.Answer refused = wire.read();
            assertThat(refused.status()).isEqualTo(401);
            assertThat(wire.isClosed()).isTrue();
        }
    }

    @Test
    void theConnectionStaysOpenAfterAShortRejectedBody() throws IOException {
        try (Wire wire = Wire.open()) {
            String head = "POST " + INFER + " HTTP/1.1\r\nHost: test\r\nContent-Length: " + BODY.length() + "\r\n";
            wire.send(head + "\r\n");
            assertThat(wire.read().status()).isEqualTo(401);
            wire.send(BODY);
            wire.send(head + "X-API-Key: the key of anna\r\n\r\n" + BODY);
            assertThat(wire.read().status()).isEqualTo(200);
        }
    }

    @Test
    void aForbiddenModelIsForbiddenWhetherItExistsOrNot() {
        for (String model : new String[] {"digits", "no-such-model"}) {
            for (String path : new String[] {"", "/ready", "/versions/1", "/versions/1/ready"}) {
                ErrorTableTest.assertProblem(service.get("/v2/models/" + model + path, BERT), 403, FORBIDDEN);
            }
            ErrorTableTest.assertProblem(service.post("/v2/models/" + model + "/infer", BODY, BERT), 403, FORBIDDEN);
        }
        assertThat(service.get("/v2/models/no-such-model", ANNA).status()).isEqualTo(404);
    }

    @Test
    void aTenantSeesTheModelsThatItMayUse() {
        assertThat(service.get("/v2/models", BERT).json().path("models").toString())
                .isEqualTo("[\"pick\"]");
        assertThat(service.get("/v2/models", ANNA).json().path("models").toString())
                .contains("digits", "pick");
    }

    @Test
    void aForbiddenPriorityIsRejectedInHeaderAndBody() {
        String[] bulk = {"X-API-Key", "the key of carl", "Penstock-Priority", "bulk"};
        ErrorTableTest.assertProblem(service.post(INFER, BODY, bulk), 403, FORBIDDEN);
        String within = BODY.replaceFirst("\\{", "{\"parameters\":{\"priority\":\"bulk\"},");
        ErrorTableTest.assertProblem(service.post(INFER, within, "X-API-Key", "the key of carl"), 403, FORBIDDEN);
        assertThat(service.post(INFER, BODY, "X-API-Key", "the key of carl").status())
                .isEqualTo(200);
    }

    @Test
    void anotherTenantsRequestLooksLikeAnUnknownOne() {
        String location = service.post(INFER, BODY, "X-API-Key", "the key of anna", "Prefer", "respond-async")
                .header("Location");
        assertThat(service.get(location, "X-API-Key", "the key of anna", "Prefer", "wait=10")
                        .json()
                        .path("status")
                        .asText())
                .isEqualTo("succeeded");
        String id = location.substring("/v2/requests/".length());
        String forged = (id.charAt(0) == 'A' ? 'B' : 'A') + id.substring(1);
        for (String path : new String[] {"", "/events"}) {
            assertThatItIsNotFound("GET", id, path, forged);
        }
        assertThatItIsNotFound("DELETE", id, "", forged);
        assertThat(service.get(location, ANNA).json().path("status").asText()).isEqualTo("succeeded");
    }

    private void assertThatItIsNotFound(String method, String id, String path, String forged) {
        Service.Answer others = service.send(method, "/v2/requests/" + id + path, BodyPublishers.noBody(), BERT);
        Service.Answer nobodys = service.send(method, "/v2/requests/" + forged + path, BodyPublishers.noBody(), BERT);
        assertThat(others.status()).isEqualTo(404);
        assertThat(new String(others.body(), UTF_8)).isEqualTo(new String(nobodys.body(), UTF_8).replace(forged, id));
        assertThat(headersBesideTheClock(others)).isEqualTo(headersBesideTheClock(nobodys));
    }

    /** The two answers may come in different seconds. */
    private static Map<String, List<String>> headersBesideTheClock(Service.Answer answer) {
        Map<String, List<String>> headers =
                new HashMap<>(answer.response().headers().map());
        assertThat(headers.remove("date")).hasSize(1);
        return headers;
    }

    @Test
    void idempotencyKeysArePerTenant() {
        String key = UUID.randomUUID().toString();
        Service.Answer annas = service.post(INFER, BODY, "X-API-Key", "the key of anna", "Idempotency-Key", key);
        Service.Answer carls = service.post(INFER, BODY, "X-API-Key", "the key of carl", "Idempotency-Key", key);
        Service.Answer again = service.post(INFER, BODY, "X-API-Key", "the second key of anna", "Idempotency-Key", key);
        assertThat(carls.status()).isEqualTo(200);
        assertThat(carls.header("Penstock-Request-Id")).isNotEqualTo(annas.header("Penstock-Request-Id"));
        assertThat(again.header("Penstock-Request-Id")).isEqualTo(annas.header("Penstock-Request-Id"));
    }

    @Test
    void eachTenantHasItsOwnQuota() {
        String[] dora = {"X-API-Key", "the key of dora"};
        assertThat(service.post(INFER, BODY, dora).status()).isEqualTo(200);
        assertThat(service.post(INFER, BODY, dora).status()).isEqualTo(429);
        try (Grpc grpc = Grpc.underTest()) {
            ModelInferRequest request =
                    GrpcRequests.digits(DigitsTable.load().heldOut().getFirst());
            StatusRuntimeException refused = refusal(grpc, request, "x-api-key", "the key of dora");
            assertThat(refused.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
            assertThat(Integer.parseInt(refused.getTrailers().get(Grpc.RETRY_AFTER)))
                    .isPositive();
            assertThat(refused.getTrailers().get(Grpc.key("ratelimit"))).startsWith("\"requests\";r=0");
        }
        assertThat(service.post(INFER, BODY, ANNA).status()).isEqualTo(200);
    }

    @Test
    void edgesOfATenantShareItsQuotaAtTheirCentre(@TempDir Path folder) throws Exception {
        try (RemoteSession east = edge(folder, "east");
                RemoteSession west = edge(folder, "west");
                RemoteSession anothers = edge(folder, "anna")) {
            try (Slot ofEast = east.openSlot();
                    Slot ofWest = west.openSlot();
                    Slot ofAnother = anothers.openSlot()) {
                assertThat(digit(ofEast)).isEqualTo(digit(ofAnother));
                assertThat(digit(ofWest)).isEqualTo(digit(ofAnother));
                assertThat(digit(ofEast)).isEqualTo(digit(ofAnother));
                for (Slot ofBoth : List.of(ofEast, ofWest)) {
                    assertThatExceptionOfType(InferenceException.class)
                            .isThrownBy(() -> digit(ofBoth))
                            .withMessageContaining("status 429");
                    assertThatExceptionOfType(InferenceException.class)
                            .isThrownBy(() -> digit(ofBoth))
                            .withMessageContaining("asked to be left alone");
                }
                assertThat(digit(ofAnother)).isBetween(0, 9);
            }
        }
    }

    /** What an edge calls its centre with. */
    private RemoteSession edge(Path folder, String tenant) throws Exception {
        Files.writeString(folder.resolve(tenant), "the key of " + tenant);
        ModelConfig config = ModelConfig.parse("remote: {url: '%s', model: digits, api_key_file: %s}"
                .formatted(ConfigProvider.getConfig().getValue("test.url", URI.class), tenant));
        RemoteSection remote = config.remote().orElseThrow();
        return RemoteModels.open(tenant, config, remote, folder, System::nanoTime)
                .session();
    }

    private static int digit(Slot slot) throws InferenceException {
        ByteBuffer pixels = ByteBuffer.allocate(64 * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (float pixel : DigitsTable.load().heldOut().getFirst().pixels()) {
            pixels.putFloat(pixel);
        }
        slot.assemble(List.of(List.of(new Tensor("pixels", Datatype.FP32, Shape.of(1, 64), pixels.flip()))));
        return (int) slot.run().getFirst().data().getLong(0);
    }

    @Test
    void limitsTheOpenRequestsOfATenant() {
        double before = rejected("quota-open-requests");
        List<String> busy = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            busy.add(service.post(PATIENCE, turns(400_000), "X-API-Key", "the key of anna", "Prefer", "respond-async")
                    .header("Location"));
        }
        String first = accepted("Prefer", "respond-async");
        String key = UUID.randomUUID().toString();
        String waiting = accepted("Prefer", "respond-async", "Idempotency-Key", key);
        assertThat(accepted("Prefer", "respond-async", "Idempotency-Key", key)).isEqualTo(waiting);
        Service.Answer refused = patience("Prefer", "respond-async");
        ErrorTableTest.assertProblem(refused, 429, "https://iana.org/assignments/http-problem-types#quota-exceeded");
        assertThat(refused.json().path("violated-policies").path(0).asText()).isEqualTo("open-requests");
        assertThat(refused.header("RateLimit")).startsWith("\"open-requests\";r=0");
        assertThat(Integer.parseInt(refused.header("Retry-After"))).isBetween(1, 60);
        assertThat(patience("Idempotency-Key", UUID.randomUUID().toString()).status())
                .as("a call whose outcome would be kept counts too")
                .isEqualTo(429);
        assertThat(service.send("DELETE", waiting, BodyPublishers.noBody(), EMIL)
                        .status())
                .isEqualTo(202);
        assertThat(outcome(waiting)).isEqualTo("cancelled");
        String next = accepted("Prefer", "respond-async");
        assertThat(patience("Prefer", "respond-async").status()).isEqualTo(429);
        assertThat(outcome(first)).isEqualTo("succeeded");
        assertThat(outcome(next)).isEqualTo("succeeded");
        assertThat(outcome(accepted("Prefer", "respond-async"))).isEqualTo("succeeded");
        busy.forEach(location -> service.get(location, "X-API-Key", "the key of anna", "Prefer", "wait=30"));
        assertThat(rejected("quota-open-requests") - before).isEqualTo(3);
    }

    /** Timing must not reveal whether another tenant's id exists, so such a poll does not reach Redis. */
    @Test
    void pollingAnotherTenantsRequestDoesNotReachRedis() {
        String location = service.post(INFER, BODY, "X-API-Key", "the key of anna", "Prefer", "respond-async")
                .header("Location");
        assertThat(service.get(location, "X-API-Key", "the key of anna", "Prefer", "wait=10")
                        .status())
                .isEqualTo(200);
        long before = quietRedisReads();
        for (String path : new String[] {location, location + "/events"}) {
            assertThat(service.get(path, BERT).status()).isEqualTo(404);
        }
        assertThat(service.send("DELETE", location, BodyPublishers.noBody(), BERT)
                        .status())
                .isEqualTo(404);
        assertThat(readsOfRedis()).isEqualTo(before);
        assertThat(service.get(location, ANNA).status()).isEqualTo(200);
        assertThat(readsOfRedis()).isGreaterThan(before);
    }

    @Test
    void keysCanBeRotatedWithoutARestart() {
        WithKeys.write(
                WithKeys.TENANTS.replace(WithKeys.hash("the key of anna"), WithKeys.hash("the new key of anna")));
        await().until(() ->
                service.get("/v2", "X-API-Key", "the new key of anna").status() == 200);
        assertThat(service.get("/v2", ANNA).status()).isEqualTo(401);
        assertThat(service.get("/v2", "X-API-Key", "the second key of anna").status())
                .isEqualTo(200);
    }

    @Test
    void anInvalidFileChangesNothingAndSetsAMeter() {
        WithKeys.write("tenants: {anna: {weight: 0}}");
        await().until(() -> meter("inference.tenants.file.broken") == 1);
        assertThat(service.get("/v2", ANNA).status()).isEqualTo(200);
        WithKeys.write(WithKeys.TENANTS);
        await().until(() -> meter("inference.tenants.file.broken") == 0);
    }

    /** Other systems can write to Penstock's topics, but only an ingress has the key that signs ids. */
    @Test
    void dropsAndCountsForgedReplies() {
        double before = forged();
        byte[] value = new byte[0];
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", ServiceStack.bootstrapServers()),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            int partitions = producer.partitionsFor("penstock.replies").size();
            for (int partition = 0; partition < partitions; partition++) {
                producer.send(forgedReply("penstock.replies", partition, value));
            }
            producer.send(forgedReply("penstock.results", 0, value));
            producer.flush();
        }
        // The ingress reads one partition of the replies, and all results. Nothing reads the other partitions.
        await().until(() -> forged() == before + 2);
    }

    private Service.Answer patience(String... headers) {
        return service.post(
                PATIENCE,
                turns(1),
                Stream.concat(Stream.of(EMIL), Stream.of(headers)).toArray(String[]::new));
    }

    private static String turns(int turns) {
        return "{\"inputs\":[{\"name\":\"turns\",\"datatype\":\"INT64\",\"shape\":[1],\"data\":[" + turns + "]}]}";
    }

    /** Awaits a quiet Redis: the first read that finds an outcome answers the caller, while another read may still be running. */
    private long quietRedisReads() {
        AtomicLong last = new AtomicLong();
        await().during(Duration.ofMillis(300)).until(() -> {
            long reads = readsOfRedis();
            return reads == last.getAndSet(reads);
        });
        return last.get();
    }

    private long readsOfRedis() {
        String stats = redis.send(Request.cmd(Command.INFO).arg("commandstats"))
                .toCompletionStage()
                .toCompletableFuture()
                .join()
                .toString();
        Matcher calls = Pattern.compile("cmdstat_get:calls=(\\d+)").matcher(stats);
        return calls.find() ? Long.parseLong(calls.group(1)) : 0;
    }

    private String accepted(String... headers) {
        Service.Answer accepted = patience(headers);
        assertThat(accepted.status()).isEqualTo(202);
        return accepted.header("Location");
    }

    private String outcome(String location) {
        return service.get(location, "X-API-Key", "the key of emil", "Prefer", "wait=30")
                .json()
                .path("status")
                .asText();
    }

    private double rejected(String reason) {
        return meters.find("inference.rejected").tag("reason", reason).counters().stream()
                .mapToDouble(counter -> counter.count())
                .sum();
    }

    private static ProducerRecord<byte[], byte[]> forgedReply(String topic, int partition, byte[] value) {
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, partition, null, value);
        record.headers().add("correlation-id", "A".repeat(43).getBytes(UTF_8));
        record.headers().add("status", "cancelled".getBytes(UTF_8));
        return record;
    }

    private double forged() {
        return meters.get("inference.replies.dropped")
                .tag("reason", "forged")
                .counter()
                .count();
    }

    private double meter(String name) {
        return meters.get(name).gauge().value();
    }

    /** A service with a tenants file that the tests modify. */
    public static final class WithKeys implements QuarkusTestProfile {
        private static final Path FILE = file();

        static final String TENANTS = """
                tenants:
                  anna:
                    keys: [%s, %s]
                    quota: {unlimited: true}
                  bert:
                    keys: [%s]
                    models: [pick]
                  carl:
                    keys: [%s]
                    lanes: [interactive]
                  dora:
                    keys: [%s]
                    quota: {requests_per_second: 0.01, request_burst: 1}
                  emil:
                    keys: [%s]
                    quota: {open_requests: 2}
                  edges:
                    keys: [%s, %s]
                    quota: {requests_per_second: 0.01, request_burst: 3}
                """.formatted(
                        hash("the key of anna"),
                        hash("the second key of anna"),
                        hash("the key of bert"),
                        hash("the key of carl"),
                        hash("the key of dora"),
                        hash("the key of emil"),
                        hash("the key of east"),
                        hash("the key of west"));

        @Override
        public Map<String, String> getConfigOverrides() {
            write(TENANTS);
            return Map.of(
                    "penstock.worker.serve", "digits,patience,pick",
                    "penstock.tenants.identity", "api-key",
                    "penstock.tenants.file", FILE.toString(),
                    "penstock.tenants.reload-interval", "50ms");
        }

        static void write(String tenants) {
            try {
                Path next = Files.writeString(FILE.resolveSibling("next"), tenants);
                Files.move(next, FILE, StandardCopyOption.ATOMIC_MOVE);
            } catch (IOException broken) {
                throw new UncheckedIOException(broken);
            }
        }

        static String hash(String key) {
            try {
                return HexFormat.of()
                        .formatHex(MessageDigest.getInstance("SHA-256").digest(key.getBytes(UTF_8)));
            } catch (GeneralSecurityException impossible) {
                throw new IllegalStateException(impossible);
            }
        }

        private static Path file() {
            try {
                return Files.createTempDirectory("penstock-tenants").resolve("tenants.yaml");
            } catch (IOException broken) {
                throw new UncheckedIOException(broken);
            }
        }
    }
}
