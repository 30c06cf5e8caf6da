package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThatCode;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.local.EmbeddedKafka;
import dev.penstock.local.LocalStack;
import dev.penstock.model.OnnxModels;
import dev.penstock.protocol.Datatype;
import dev.penstock.samples.DigitsTable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ingress and worker as separate processes, killed and restarted while requests wait. */
class RolesApartIT {
    private static final List<DigitsTable.Row> ROWS = DigitsTable.load().heldOut();

    private static final String[] ASYNC = {"Prefer", "respond-async"};

    private static final LocalStack stack = LocalStack.start();

    @AfterAll
    static void stopBrokerAndRedis() {
        stack.close();
    }

    @Test
    void losesNothingWhenTheWorkerIsKilledAndTheIngressRestarts() throws Exception {
        int port = RoleProcess.freePort();
        Service service = new Service(URI.create("http://127.0.0.1:" + port));
        List<String> locations = new ArrayList<>();
        try (RoleProcess ingress = ingress(port)) {
            try (RoleProcess worker = worker()) {
                service.awaitModel("digits");
                worker.kill();
            }
            for (DigitsTable.Row row : ROWS.subList(0, 100)) {
                Service.Answer accepted =
                        service.post("/v2/models/digits/infer", Digits.request(row), "Prefer", "respond-async");
                assertThat(accepted.status()).isEqualTo(202);
                locations.add(accepted.header("Location"));
            }
            assertThat(service.get(locations.getFirst()).json().path("status").asText())
                    .isEqualTo("queued");
        }
        try (RoleProcess ingress = ingress(port);
                RoleProcess worker = worker()) {
            service.awaitModel("digits");
            int right = 0;
            for (int i = 0; i < 100; i++) {
                JsonNode done =
                        service.get(locations.get(i), "Prefer", "wait=30").json();
                assertThat(done.path("status").asText()).isEqualTo("succeeded");
                right += done.at("/response/outputs/0/data/0").asInt()
                                == ROWS.get(i).digit()
                        ? 1
                        : 0;
            }
            assertThat(right).isGreaterThan(90);
        }
    }

    @Test
    void recognizesAnIdempotencyKeyAfterAnIngressRestart() throws Exception {
        int port = RoleProcess.freePort();
        Service service = new Service(URI.create("http://127.0.0.1:" + port));
        String body = Digits.request(ROWS.getFirst());
        String[] asked = {"Idempotency-Key", "order-66", "Prefer", "respond-async"};
        String location;
        try (RoleProcess ingress = ingress(port)) {
            try (RoleProcess worker = worker()) {
                service.awaitModel("digits");
                worker.kill();
            }
            Service.Answer accepted = service.post("/v2/models/digits/infer", body, asked);
            assertThat(accepted.status()).as(accepted.json().toString()).isEqualTo(202);
            location = accepted.header("Location");
            ingress.kill();
        }
        try (RoleProcess ingress = ingress(port);
                RoleProcess worker = worker()) {
            service.awaitModel("digits");
            Service.Answer synchronous = service.post("/v2/models/digits/infer", body, "Idempotency-Key", "order-66");
            assertThat(synchronous.status()).isEqualTo(200);
            assertThat("/v2/requests/" + synchronous.header("Penstock-Request-Id"))
                    .isEqualTo(location);
            Service.Answer again = service.post("/v2/models/digits/infer", body, asked);
            assertThat(again.status()).isEqualTo(200);
            assertThat(again.body()).isEqualTo(synchronous.body());
        }
    }

    /** A killed worker withdraws nothing, so its models stay in the catalogue for a while, and calls end at their deadline. */
    @Test
    void responds504AndAnyIngressAnswersPollsForTheLateOutcome() throws Exception {
        int port = RoleProcess.freePort();
        Service service = new Service(URI.create("http://127.0.0.1:" + port));
        int otherPort = RoleProcess.freePort();
        Service other = new Service(URI.create("http://127.0.0.1:" + otherPort));
        try (RoleProcess ingress = ingress(port);
                RoleProcess stays = ingress(otherPort)) {
            try (RoleProcess worker = worker()) {
                service.awaitModel("digits");
                // An ingress that still loads classes is itself too slow for a short deadline, and responds 503.
                assertThat(service.post("/v2/models/digits/infer", Digits.request(ROWS.getFirst()))
                                .status())
                        .isEqualTo(200);
                worker.kill();
            }
            Service.Answer late = service.post(
                    "/v2/models/digits/infer", Digits.request(ROWS.getFirst()), "Penstock-Timeout-Ms", "1000");
            ErrorTableTest.assertProblem(late, 504, "tag:penstock.dev,2026:problem/deadline-exceeded");
            String location = "/v2/requests/" + late.json().path("id").asText();
            assertThat(service.get(location).json().path("status").asText()).isEqualTo("queued");
            ingress.kill();
            try (RoleProcess worker = worker()) {
                assertThat(other.get(location, "Prefer", "wait=60")
                                .json()
                                .path("status")
                                .asText())
                        .isEqualTo("expired");
            }
        }
    }

    @Test
    void refusesRequestsThatWouldBeLateAndAcceptsRequestsThatCanWait() throws Exception {
        int port = RoleProcess.freePort();
        Service service = new Service(URI.create("http://127.0.0.1:" + port));
        String body = Digits.request(ROWS.getFirst());
        try (RoleProcess ingress = ingress(port)) {
            try (RoleProcess worker = worker()) {
                service.awaitModel("digits");
                worker.kill();
            }
            Service.Answer refused = await().atMost(Duration.ofSeconds(30))
                    .until(
                            () -> service.post("/v2/models/digits/infer", body, "Penstock-Timeout-Ms", "200"),
                            answer -> answer.status() == 503);
            ErrorTableTest.assertProblem(
                    refused, 503, "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity");
            assertThat(Integer.parseInt(refused.header("Retry-After"))).isBetween(1, 60);

            Service.Answer accepted = service.post("/v2/models/digits/infer", body, "Prefer", "respond-async");
            assertThat(accepted.status()).isEqualTo(202);
            try (RoleProcess worker = worker()) {
                assertThat(service.get(accepted.header("Location"), "Prefer", "wait=30")
                                .json()
                                .path("status")
                                .asText())
                        .isEqualTo("succeeded");
                await().atMost(Duration.ofSeconds(30))
                        .until(() -> service.post("/v2/models/digits/infer", body), answer -> answer.status() == 200);
            }
        }
    }

    @Test
    void answersEveryAcceptedCallWhenItStopsUnderLoad() throws Exception {
        int port = RoleProcess.freePort();
        Service service = new Service(URI.create("http://127.0.0.1:" + port));
        String body = Digits.request(ROWS.getFirst());
        int otherPort = RoleProcess.freePort();
        Service other = new Service(URI.create("http://127.0.0.1:" + otherPort));
        try (RoleProcess ingress = ingress(port);
                RoleProcess stays = ingress(otherPort);
                RoleProcess worker = worker();
                ExecutorService callers = Executors.newFixedThreadPool(16)) {
            service.awaitModel("digits");
            AtomicInteger answered = new AtomicInteger();
            Queue<String> accepted = new ConcurrentLinkedQueue<>();
            List<Future<Service.Answer>> calls = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                String[] door = i % 2 == 0 ? new String[0] : ASYNC;
                calls.add(callers.submit(() -> {
                    while (true) {
                        // throws when a connection breaks
                        Service.Answer answer = service.post("/v2/models/digits/infer", body, door);
                        if (answer.json().path("detail").asText().contains("is stopping")) {
                            return answer;
                        }
                        if (isAccepted(answer, door)) {
                            answered.incrementAndGet();
                        }
                        if (answer.status() == 202) {
                            accepted.add(answer.header("Location"));
                        }
                    }
                }));
            }
            await().until(() -> answered.get() > 100 && accepted.size() > 20);
            ingress.close();
            for (Future<Service.Answer> call : calls) {
                Service.Answer last = call.get();
                ErrorTableTest.assertProblem(last, 503, "tag:penstock.dev,2026:problem/unavailable");
                assertThat(last.header("Retry-After")).isEqualTo("1");
            }
            assertThatAllSucceeded(other.awaitModel("digits"), accepted);
        }
    }

    @Test
    void losesNoRequestWhenOneOfTwoWorkersStopsUnderLoad() throws Exception {
        int port = RoleProcess.freePort();
        Service service = new Service(URI.create("http://127.0.0.1:" + port));
        String body = Digits.request(ROWS.getFirst());
        Queue<String> accepted = new ConcurrentLinkedQueue<>();
        try (RoleProcess ingress = ingress(port);
                RoleProcess stays = worker();
                RoleProcess leaves = worker();
                ExecutorService callers = Executors.newFixedThreadPool(16)) {
            service.awaitModel("digits");
            await().atMost(Duration.ofMinutes(4)).until(() -> workersOf("digits") == 2);
            AtomicBoolean enough = new AtomicBoolean();
            AtomicInteger answered = new AtomicInteger();
            List<Future<?>> calls = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                String[] door = i % 2 == 0 ? new String[0] : ASYNC;
                calls.add(callers.submit(() -> {
                    while (!enough.get()) {
                        Service.Answer answer = service.post("/v2/models/digits/infer", body, door);
                        if (isAccepted(answer, door)) {
                            answered.incrementAndGet();
                        }
                        if (answer.status() == 202) {
                            accepted.add(answer.header("Location"));
                        }
                    }
                    return null;
                }));
            }
            await().until(() -> answered.get() > 100 && accepted.size() > 20);
            leaves.close();
            int whenItHadLeft = answered.get();
            await().atMost(Duration.ofSeconds(30)).until(() -> answered.get() > whenItHadLeft + 100);
            enough.set(true);
            for (Future<?> call : calls) {
                call.get();
            }
            assertThatAllSucceeded(service, accepted);
        }
    }

    @Test
    void aSlowLoadingModelDoesNotDelayTheOthers(@TempDir Path models) throws Exception {
        OnnxModels.write(models, "a-slow", 1, OnnxModels.patience(200_000));
        OnnxModels.writeConfig(models, "a-slow", "instances: 3\n");
        OnnxModels.write(models, "quick", 1, OnnxModels.lookup());
        int port = RoleProcess.freePort();
        Service service = new Service(URI.create("http://127.0.0.1:" + port));
        try (RoleProcess ingress = ingress(port);
                RoleProcess worker = worker("--models", models.toString())) {
            service.awaitModel("quick");
            assertThat(service.get("/v2/models/a-slow/ready").status()).isNotEqualTo(200);
            service.awaitModel("a-slow");
        }
    }

    @Test
    void isNotReadyButStaysAliveWithoutKafka() throws Exception {
        int management = RoleProcess.freePort();
        Service health = new Service(URI.create("http://127.0.0.1:" + management));
        EmbeddedKafka kafka = EmbeddedKafka.start();
        try (RoleProcess ingress = new RoleProcess(
                List.of(
                        "up",
                        "--role",
                        "ingress",
                        "--port",
                        Integer.toString(RoleProcess.freePort()),
                        "--management-port",
                        Integer.toString(management),
                        "--kafka",
                        kafka.bootstrapServers(),
                        "--redis",
                        stack.redisUrl()),
                Map.of("PENSTOCK_KAFKA_LOST_AFTER", "2s"))) {
            await().atMost(Duration.ofMinutes(4))
                    .ignoreExceptionsInstanceOf(UncheckedIOException.class)
                    .until(() -> health.get("/q/health/ready").status() == 200);
            kafka.close();
            Service.Answer lost = await().atMost(Duration.ofSeconds(30))
                    .until(() -> health.get("/q/health/ready"), answer -> answer.status() == 503);
            assertThat(lost.json().findPath("data").path("kafka").asText()).startsWith("has not answered for");
            assertThat(health.get("/q/health/live").status()).isEqualTo(200);
        } finally {
            kafka.close();
        }
    }

    /** The gate may refuse while few workers are left. Any other outcome is an error. */
    private static boolean isAccepted(Service.Answer answer, String[] door) {
        if (answer.status() == 503) {
            assertThat(answer.json().path("type").asText())
                    .as(answer.json().path("detail").asText())
                    .endsWith("temporary-reduced-capacity");
            return false;
        }
        assertThat(answer.status()).isEqualTo(door.length == 0 ? 200 : 202);
        return true;
    }

    private static void assertThatAllSucceeded(Service service, Queue<String> locations) {
        assertThat(locations)
                .allSatisfy(location -> assertThat(service.get(location, "Prefer", "wait=30")
                                .json()
                                .path("status")
                                .asText())
                        .isEqualTo("succeeded"));
    }

    /** Group members that have partitions. */
    private static long workersOf(String model) throws Exception {
        String group = "penstock." + model + ".workers";
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", stack.bootstrapServers()))) {
            return admin.describeConsumerGroups(List.of(group)).all().get().values().stream()
                    .flatMap(described -> described.members().stream())
                    .filter(member -> !member.assignment().topicPartitions().isEmpty())
                    .count();
        }
    }

    @Test
    void answersKcat() throws Exception {
        assumeThatCode(() -> kcat("-V"))
                .as("kcat must be installed; .ci/run installs it")
                .doesNotThrowAnyException();
        int port = RoleProcess.freePort();
        try (RoleProcess ingress = ingress(port);
                RoleProcess worker = worker()) {
            new Service(URI.create("http://127.0.0.1:" + port)).awaitModel("digits");
            kcat(
                    "-P",
                    "-t",
                    "penstock.digits.requests",
                    "-H",
                    "correlation-id=from-kcat",
                    "-H",
                    "reply-topic=" + LocalStack.DEMO_REPLIES,
                    "docs/examples/seven.json");
            String reply = kcat("-C", "-t", LocalStack.DEMO_REPLIES, "-o", "beginning", "-c", "1", "-f", "%h\\n%s\\n");
            assertThat(reply).contains("correlation-id=from-kcat", "status=succeeded", "\"data\":[7]");
        }
    }

    /** ONNX Runtime frees its environment at JVM shutdown, even when it is in use. */
    @Test
    void stopsAWorkerThatIsStillLoading(@TempDir Path models) throws Exception {
        int many = 60;
        for (int i = 0; i < many; i++) {
            OnnxModels.write(models, "echo-" + i, 1, OnnxModels.identity(Datatype.FP32));
        }
        RoleProcess worker = worker("--models", models.toString());
        try (worker) {
            await().atMost(Duration.ofMinutes(4)).until(() -> worker.log().contains("is warm"));
        }
        assertThat(worker.log().split("is warm", -1).length - 1).isLessThan(many);
        assertThat(worker.log()).doesNotContain("is not served", " ERROR ", "\tat ");
    }

    @Test
    void reportsAPortThatIsInUse() throws Exception {
        try (ServerSocket taken = new ServerSocket(0)) {
            String port = Integer.toString(taken.getLocalPort());
            try (RoleProcess second = new RoleProcess(List.of(
                    "up",
                    "--port",
                    port,
                    "--management-port",
                    Integer.toString(RoleProcess.freePort()),
                    "--kafka",
                    stack.bootstrapServers(),
                    "--redis",
                    stack.redisUrl()))) {
                assertThat(second.awaitExit()).isEqualTo(1);
                assertThat(second.log()).contains("port " + port + " is in use").doesNotContain("\tat ");
            }
        }
    }

    private static RoleProcess ingress(int port) throws IOException {
        return new RoleProcess(List.of(
                "up",
                "--role",
                "ingress",
                "--port",
                Integer.toString(port),
                "--management-port",
                Integer.toString(RoleProcess.freePort()),
                "--kafka",
                stack.bootstrapServers(),
                "--redis",
                stack.redisUrl()));
    }

    private static RoleProcess worker(String... more) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(
                "up",
                "--role",
                "worker",
                "--management-port",
                Integer.toString(RoleProcess.freePort()),
                "--kafka",
                stack.bootstrapServers()));
        arguments.addAll(List.of(more));
        return new RoleProcess(arguments);
    }

    private static String kcat(String... arguments) throws IOException, InterruptedException {
        Path output = Files.createTempFile("kcat-", ".out");
        List<String> command = new ArrayList<>(List.of("kcat", "-b", stack.bootstrapServers()));
        command.addAll(List.of(arguments));
        Process kcat = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        if (!kcat.waitFor(30, TimeUnit.SECONDS)) {
            kcat.destroyForcibly();
        }
        return new String(Files.readAllBytes(output), UTF_8);
    }
}
