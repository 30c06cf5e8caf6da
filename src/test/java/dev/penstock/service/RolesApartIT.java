package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThatCode;
import static org.awaitility.Awaitility.await;

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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ingresses and workers as separate processes. All tests use these two of each; one stops the first of both. */
class RolesApartIT {
    private static final String INFER = "/v2/models/digits/infer";
    private static final String BODY =
            Digits.request(DigitsTable.load().heldOut().getFirst());
    private static final String[] SYNC = {};
    private static final String[] ASYNC = {"Prefer", "respond-async"};

    private static final LocalStack stack = LocalStack.start();
    private static final List<RoleProcess> ingresses = new ArrayList<>();
    private static final List<RoleProcess> workers = new ArrayList<>();
    /** Clients of the ingresses. */
    private static Service first;

    private static Service second;

    @BeforeAll
    static void start() throws IOException {
        int port = RoleProcess.freePort();
        int otherPort = RoleProcess.freePort();
        first = new Service(URI.create("http://127.0.0.1:" + port));
        second = new Service(URI.create("http://127.0.0.1:" + otherPort));
        for (int each : List.of(port, otherPort)) {
            ingresses.add(ingress(each));
            workers.add(RoleProcess.role("worker", stack));
        }
        second.awaitModel("digits");
    }

    @AfterAll
    static void stop() {
        workers.forEach(RoleProcess::close);
        ingresses.forEach(RoleProcess::close);
        stack.close();
    }

    @Test
    void thereIsNoConsoleWhereItIsSwitchedOff() {
        assertThat(second.get("/").status()).isEqualTo(404);
        assertThat(second.get("/console/events").status()).isEqualTo(404);
        assertThat(second.get("/webjars/uplot/1.6.30/dist/uPlot.esm.js").status())
                .isEqualTo(404);
    }

    @Test
    void losesNothingWhenAWorkerAndThenAnIngressStopUnderLoad() throws Exception {
        first.awaitModel("digits");
        await().until(() -> workersOf("digits") == 2);
        AtomicInteger answered = new AtomicInteger();
        Queue<String> accepted = new ConcurrentLinkedQueue<>();
        List<Future<Service.Answer>> calls = new ArrayList<>();
        try (ExecutorService callers = Executors.newFixedThreadPool(16)) {
            for (int i = 0; i < 16; i++) {
                String[] door = i % 2 == 0 ? SYNC : ASYNC;
                calls.add(callers.submit(() -> {
                    while (true) {
                        // throws when a connection breaks
                        Service.Answer answer = first.post(INFER, BODY, door);
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
            workers.getFirst().close();
            int whenItHadLeft = answered.get();
            await().until(() -> answered.get() > whenItHadLeft + 100);
            assertThat(calls).noneMatch(Future::isDone);
            ingresses.getFirst().close();
            for (Future<Service.Answer> call : calls) {
                Service.Answer last = call.get();
                ErrorTableTest.assertProblem(last, 503, "tag:penstock.dev,2026:problem/unavailable");
                assertThat(last.header("Retry-After")).isEqualTo("1");
            }
        }
        second.awaitModel("digits");
        assertThatAllSucceeded(accepted);
    }

    @Test
    void anIngressThatIsStoppedInItsWarmUpEndsWithoutAWarning() throws Exception {
        int port = RoleProcess.freePort();
        try (RoleProcess ingress = ingress(
                port,
                Map.of(
                        "PENSTOCK_WARM_UP_WHEN", "after-ready",
                        "PENSTOCK_WARM_UP_AT_MOST", "5m",
                        "PENSTOCK_WARM_UP_CALLS", "1000000"))) {
            await().until(() -> ingress.log().contains("Penstock is up"));
            new Service(URI.create("http://127.0.0.1:" + port)).awaitModel("digits");
            assertThat(ingress.log()).doesNotContain("The ingress is warm");

            assertThat(ingress.stop()).isEqualTo(RoleProcess.TERMINATED);

            assertThat(ingress.log()).doesNotContain("WARN");
        }
    }

    @Test
    void aSlowLoadingModelDoesNotDelayTheOthers(@TempDir Path models) throws Exception {
        OnnxModels.write(models, "a-slow", 1, OnnxModels.patience(200_000));
        OnnxModels.writeConfig(models, "a-slow", "instances: 3\n");
        OnnxModels.write(models, "quick", 1, OnnxModels.lookup());
        try (RoleProcess worker = RoleProcess.role("worker", stack, "--models", models.toString())) {
            second.awaitModel("quick");
            assertThat(second.get("/v2/models/a-slow/ready").status()).isNotEqualTo(200);
            second.awaitModel("a-slow");
        }
    }

    /** Nobody starts the worker but this test. */
    @Test
    void requestsWaitWhileTheirModelHasNoWorkerAndAreServedOnceOneIsStarted(@TempDir Path models) throws Exception {
        OnnxModels.write(models, "sleeper", 1, OnnxModels.lookup());
        OnnxModels.writeConfig(models, "sleeper", "scale_to_zero: {start: 60s}\n");
        String infer = "/v2/models/sleeper/infer";
        String body = "{\"inputs\":[{\"name\":\"index\",\"datatype\":\"INT64\",\"shape\":[1],\"data\":[1]}]}";
        String[] patient = {"Prefer", "respond-async", "Penstock-Timeout-Ms", "300000"};
        try (RoleProcess worker = RoleProcess.role("worker", stack, "--models", models.toString())) {
            second.awaitModel("sleeper");
            assertThat(second.post(infer, body).status()).isEqualTo(200);
        }
        await().until(() -> second.post(infer, body), answer -> answer.status() == 503);

        Service.Answer refused = second.post(infer, body);
        ErrorTableTest.assertProblem(
                refused, 503, "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity");
        assertThat(refused.json().path("state").asText()).isEqualTo("SLEEPING");
        assertThat(Integer.parseInt(refused.header("Retry-After"))).isBetween(1, 61);
        assertThat(second.get("/v2/models/sleeper/ready").json().path("state").asText())
                .isEqualTo("SLEEPING");
        int port = RoleProcess.freePort();
        Queue<String> accepted = new ConcurrentLinkedQueue<>();
        try (RoleProcess ingress = ingress(port);
                KafkaProducer<String, String> other = new KafkaProducer<>(
                        Map.of("bootstrap.servers", stack.bootstrapServers()),
                        new StringSerializer(),
                        new StringSerializer())) {
            for (int i = 0; i < 10; i++) {
                accepted.add(submitted(() -> second.post(infer, body, patient)));
                ProducerRecord<String, String> record = new ProducerRecord<>("penstock.sleeper.requests", body);
                record.headers()
                        .add("correlation-id", ("sleeper-" + i).getBytes(UTF_8))
                        .add("timeout-ms", "300000".getBytes(UTF_8))
                        .add("reply-topic", LocalStack.DEMO_REPLIES.getBytes(UTF_8));
                other.send(record);
            }
            // The ingress that started meanwhile has the announcement from the topic.
            Service third = new Service(URI.create("http://127.0.0.1:" + port));
            await().atMost(Duration.ofMinutes(2))
                    .ignoreExceptionsInstanceOf(UncheckedIOException.class) // the port may not be open yet
                    .until(() -> third.get("/v2/models/sleeper").status() == 200);
            accepted.add(submitted(() -> third.post(infer, body, patient)));
            assertThat(third.post(infer, body).json().path("state").asText()).isEqualTo("SLEEPING");
        }
        try (RoleProcess worker = RoleProcess.role("worker", stack, "--models", models.toString())) {
            assertThat(accepted).hasSize(11);
            assertThatAllSucceeded(accepted);
            assertThat(repliesToSleepers())
                    .hasSize(10)
                    .allSatisfy((id, statuses) -> assertThat(statuses).as(id).containsExactly("succeeded"));
            assertThat(second.post(infer, body).status()).isEqualTo(200);
        }
    }

    /** The address to poll. A producer that has just learnt of a topic may say that it was not sent, which is no acceptance. */
    private static String submitted(Callable<Service.Answer> call) {
        return await().until(call, answer -> {
                    if (answer.status() != 202) {
                        ErrorTableTest.assertProblem(answer, 503, "tag:penstock.dev,2026:problem/unavailable");
                    }
                    return answer.status() == 202;
                })
                .header("Location");
    }

    /** The statuses of the replies on the demo topic, by correlation id, once there is one for each of the ten. */
    private static Map<String, List<String>> repliesToSleepers() {
        Map<String, List<String>> replies = new HashMap<>();
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", stack.bootstrapServers()),
                new StringDeserializer(),
                new StringDeserializer())) {
            TopicPartition partition = new TopicPartition(LocalStack.DEMO_REPLIES, 0);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            await().until(() -> {
                for (ConsumerRecord<String, String> reply : consumer.poll(Duration.ofMillis(500))) {
                    String id = new String(
                            reply.headers().lastHeader("correlation-id").value(), UTF_8);
                    String status =
                            new String(reply.headers().lastHeader("status").value(), UTF_8);
                    if (id.startsWith("sleeper-")) {
                        replies.computeIfAbsent(id, none -> new ArrayList<>()).add(status);
                    }
                }
                return replies.size() == 10;
            });
        }
        return replies;
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

    private static void assertThatAllSucceeded(Queue<String> locations) {
        assertThat(locations)
                .allSatisfy(location -> assertThat(second.get(location, "Prefer", "wait=60")
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
        kcat(
                "-P",
                "-t",
                "penstock.digits.requests",
                "-H",
                "correlation-id=from-kcat",
                "-H",
                "reply-topic=" + LocalStack.DEMO_REPLIES,
                "docs/examples/seven.json");
        // Other tests have replies there, too.
        String replies = await().until(
                        () -> kcat("-C", "-t", LocalStack.DEMO_REPLIES, "-o", "beginning", "-e", "-f", "%h %s\\n"),
                        all -> all.contains("correlation-id=from-kcat"));
        assertThat(replies.lines().filter(line -> line.contains("correlation-id=from-kcat")))
                .singleElement()
                .asString()
                .contains("status=succeeded", "\"data\":[7]");
    }

    /** ONNX Runtime frees its environment at JVM shutdown, even when it is in use. */
    @Test
    void stopsAWorkerThatIsStillLoading(@TempDir Path models) throws Exception {
        int many = 60;
        for (int i = 0; i < many; i++) {
            OnnxModels.write(models, "echo-" + i, 1, OnnxModels.identity(Datatype.FP32));
        }
        RoleProcess worker = RoleProcess.role("worker", stack, "--models", models.toString());
        try (worker) {
            await().until(() -> worker.log().contains(" is loaded on "));
        }
        assertThat(worker.log().split(" is loaded on ", -1).length - 1).isLessThan(many);
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

    /** It refuses calls for one second before it closes connections: each caller has to call once in that time. */
    private static RoleProcess ingress(int port) throws IOException {
        return ingress(port, Map.of());
    }

    private static RoleProcess ingress(int port, Map<String, String> more) throws IOException {
        Map<String, String> environment = new HashMap<>(more);
        environment.put("QUARKUS_SHUTDOWN_DELAY", "2s");
        environment.put("PENSTOCK_CONSOLE_ENABLED", "false");
        return new RoleProcess(
                List.of(
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
                        stack.redisUrl()),
                environment);
    }

    private static String kcat(String... arguments) throws IOException, InterruptedException {
        Path output = Files.createTempFile("kcat-", ".out");
        List<String> command = new ArrayList<>(List.of("kcat", "-b", stack.bootstrapServers()));
        command.addAll(List.of(arguments));
        Process kcat = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        if (!kcat.waitFor(60, TimeUnit.SECONDS)) {
            kcat.destroyForcibly();
        }
        return new String(Files.readAllBytes(output), UTF_8);
    }
}
