package dev.penstock.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.kafka.TopicLayout;
import dev.penstock.local.EmbeddedKafka;
import dev.penstock.local.SecuredKafka;
import dev.penstock.samples.DigitsTable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Roles as separate processes, whose Kafka is not there yet, goes away, or refuses them. */
class KafkaTroubleIT {
    private static final Duration SOON = Duration.ofSeconds(90);

    /** A refusal comes within two seconds; the rest is for a machine that is busy with other tests. */
    private static final Duration REFUSAL = Duration.ofSeconds(4);

    private static final String BODY =
            Digits.request(DigitsTable.load().heldOut().getFirst());

    private final int kafkaPort = freePort();
    private final int port = freePort();
    private final int management = freePort();
    private final Service service = new Service(URI.create("http://127.0.0.1:" + port));
    private final Service health = new Service(URI.create("http://127.0.0.1:" + management));

    @Test
    void startsWhenKafkaComesWithTheTopicsThatOperatorsDeclaredAndOutlivesAnOutage(@TempDir Path data)
            throws Exception {
        try (RoleProcess ingress =
                        ingress(Map.of("PENSTOCK_TOPICS_CREATE", "false", "PENSTOCK_KAFKA_LOST_AFTER", "2s"));
                RoleProcess worker = worker()) {
            awaitLive();
            Service.Answer ready = await().atMost(SOON)
                    .until(
                            () -> health.get("/q/health/ready"),
                            answer -> kafka(answer).contains("waits for: Kafka at 127.0.0.1:" + kafkaPort + ": "));
            assertThat(ready.status()).isEqualTo(503);
            assertThat(service.get("/v2/health/live").status()).isEqualTo(200);
            assertThat(service.get("/v2/health/ready").json().path("detail").asText())
                    .startsWith("this ingress is starting and waits for: Kafka at");
            Service.Answer refused = service.post("/v2/models/digits/infer", BODY);
            ErrorTableTest.assertProblem(refused, 503, "tag:penstock.dev,2026:problem/unavailable");
            assertThat(refused.header("Retry-After")).isEqualTo("2");

            EmbeddedKafka kafka = start(data);
            try {
                await().atMost(SOON)
                        .until(() -> kafka(health.get("/q/health/ready"))
                                .contains("topic penstock.replies is missing; it should have 8 partition(s)"));
                declareTopics();
                service.awaitModel("digits");
                assertThat(service.post("/v2/models/digits/infer", BODY).status())
                        .isEqualTo(200);

                long before = ingress.log().lines().count();
                kafka.close();
                await().during(Duration.ofSeconds(8)).atMost(SOON).until(() -> {
                    long began = System.nanoTime();
                    int status = service.post("/v2/models/digits/infer", BODY).status();
                    return status == 503 && took(began).compareTo(REFUSAL) < 0 && isLive();
                });
                assertThat(service.post("/v2/models/digits/infer", BODY)
                                .json()
                                .path("detail")
                                .asText())
                        .startsWith("Kafka does not");
                Service.Answer lost = health.get("/q/health/ready");
                assertThat(lost.status()).isEqualTo(503);
                assertThat(kafka(lost)).startsWith("has not answered for");
                kafka = start(data);
                await().atMost(SOON)
                        .until(() ->
                                service.post("/v2/models/digits/infer", BODY).status() == 200);
                await().atMost(SOON).until(() -> ingress.log().contains("Kafka: works again after"));
                List<String> said = ingress.log().lines().skip(before).toList();
                assertThat(said)
                        .noneMatch(line -> line.contains("penstock-recorder: works again")); // its Redis never comes
                assertThat(said)
                        .filteredOn(line -> !line.contains("penstock-recorder"))
                        .hasSizeLessThan(5);
                assertThat(said)
                        .filteredOn(line -> line.contains("penstock-recorder"))
                        .hasSizeLessThan(4); // one a minute
            } finally {
                kafka.close();
            }
            assertThat(ingress.log() + worker.log()).doesNotContain("\tat ", " ERROR ", "org.apache.kafka.clients");
        }
    }

    @Test
    void stopsInOrderWhileItWaits() throws Exception {
        RoleProcess waits = ingress(Map.of());
        try (waits) {
            awaitLive();
        }
        RoleProcess begins = ingress(Map.of());
        try (begins) {
            await().atMost(SOON).until(() -> !begins.log().isEmpty());
        }
        assertThat(waits.log() + begins.log()).doesNotContain("\tat ", " ERROR ");
    }

    @Test
    void endsWithOneLineWhenKafkaRefusesTheLogin(@TempDir Path folder) throws Exception {
        SecuredKafka broker = SecuredKafka.shared();
        StringBuilder settings = new StringBuilder();
        SecuredKafka.credentials("wrong")
                .forEach((name, value) ->
                        settings.append("penstock.kafka.properties.\"%s\"=%s%n".formatted(name, value)));
        Path file = Files.writeString(folder.resolve("kafka.properties"), settings);
        try (RoleProcess process = new RoleProcess(
                List.of(
                        "up",
                        "--role",
                        "worker",
                        "--management-port",
                        Integer.toString(management),
                        "--kafka",
                        broker.login()),
                Map.of("QUARKUS_CONFIG_LOCATIONS", file.toString()))) {
            assertThat(process.awaitExit()).isEqualTo(78);
            assertThat(process.log().lines().filter(line -> !line.isBlank() && !line.contains(" INFO ")))
                    .singleElement()
                    .asString()
                    .contains("Authentication failed: Invalid username or password")
                    .contains("penstock.kafka.properties.\"sasl.jaas.config\"");
        }
    }

    /** Declares other numbers of partitions than the processes are configured with. */
    private void declareTopics() throws Exception {
        TopicLayout layout = new TopicLayout(
                true, 2, 1, Optional.empty(), EmbeddedKafka.DEFAULT_MAX_MESSAGE_BYTES, Duration.ofHours(1));
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", "127.0.0.1:" + kafkaPort))) {
            layout.create(admin, layout.shared());
            layout.create(admin, layout.ofModel("digits"));
        }
    }

    private RoleProcess ingress(Map<String, String> more) throws IOException {
        Map<String, String> environment = new HashMap<>(more);
        environment.put("PENSTOCK_INGRESS_REQUEST_ID_KEY", ServiceStack.REQUEST_ID_KEY);
        return new RoleProcess(
                List.of(
                        "up",
                        "--role",
                        "ingress",
                        "--port",
                        Integer.toString(port),
                        "--management-port",
                        Integer.toString(management),
                        "--kafka",
                        "127.0.0.1:" + kafkaPort,
                        "--redis",
                        "redis://127.0.0.1:" + freePort()),
                environment);
    }

    private RoleProcess worker() throws IOException {
        return new RoleProcess(
                List.of(
                        "up",
                        "--role",
                        "worker",
                        "--management-port",
                        Integer.toString(freePort()),
                        "--kafka",
                        "127.0.0.1:" + kafkaPort),
                Map.of("PENSTOCK_WORKER_SERVE", "digits", "PENSTOCK_TOPICS_CREATE", "false"));
    }

    private void awaitLive() {
        await().atMost(SOON)
                .ignoreExceptionsInstanceOf(UncheckedIOException.class) // the port may not be open yet
                .until(this::isLive);
    }

    private boolean isLive() {
        long began = System.nanoTime();
        return health.get("/q/health/live").status() == 200 && took(began).compareTo(REFUSAL) < 0;
    }

    private static Duration took(long sinceNanos) {
        return Duration.ofNanos(System.nanoTime() - sinceNanos);
    }

    private static String kafka(Service.Answer readiness) {
        return readiness.json().findPath("data").path("kafka").asText();
    }

    private EmbeddedKafka start(Path data) {
        return EmbeddedKafka.start(kafkaPort, Optional.of(data), EmbeddedKafka.DEFAULT_MAX_MESSAGE_BYTES);
    }

    private static int freePort() {
        try {
            return RoleProcess.freePort();
        } catch (IOException none) {
            throw new UncheckedIOException(none);
        }
    }
}
