package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.model.OnnxModels;
import dev.penstock.protocol.Datatype;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./penstock up} with a model of one's own and one partition, as a newcomer starts it, and {@code ./penstock diagnose} beside it. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class UpIT {
    private static final Duration START_LIMIT = Duration.ofMinutes(4);
    private static final Pattern ADDRESS = Pattern.compile("http://localhost:\\d+/\\S*");
    private static final int CALLERS = 6;

    private static int port;
    private static int management;
    private static int kafkaPort;
    private static RoleProcess up;

    @TempDir
    private static Path models;

    @BeforeAll
    static void start() throws IOException {
        port = RoleProcess.freePort();
        management = RoleProcess.freePort();
        kafkaPort = RoleProcess.freePort();
        OnnxModels.write(models, "all-mine", 1, OnnxModels.identity(Datatype.FP32));
        OnnxModels.write(models, "heavy", 1, OnnxModels.patience());
        OnnxModels.writeConfig(
                models, "heavy", "batching: trusted\nexecution_providers: [{cpu: {concurrent_runs: 1}}]\n");
        // This process is its own centre.
        elsewhere("elsewhere", "all-mine");
        elsewhere("circle", "elsewhere");
        up = new RoleProcess(
                List.of(
                        "up",
                        "--port",
                        Integer.toString(port),
                        "--management-port",
                        Integer.toString(management),
                        "--kafka-port",
                        Integer.toString(kafkaPort),
                        "--redis-port",
                        Integer.toString(RoleProcess.freePort()),
                        "--models",
                        models.toString()),
                Map.of(
                        "PENSTOCK_WORKER_CENTRES", "http://127.0.0.1:" + port,
                        "PENSTOCK_TOPICS_REQUEST_PARTITIONS", "1",
                        "PENSTOCK_WARM_UP_WHEN", "before-ready",
                        "PENSTOCK_WARM_UP_AT_MOST", "3s"));
        await().atMost(START_LIMIT).until(() -> up.log().contains("Try it:"));
    }

    private static void elsewhere(String name, String there) throws IOException {
        Files.createDirectories(models.resolve(name));
        OnnxModels.writeConfig(
                models, name, "remote: {url: 'http://127.0.0.1:%d', model: %s}\n".formatted(port, there));
    }

    @AfterAll
    static void stop() {
        up.close();
    }

    @Test
    @Order(1)
    void printsProgressAndNothingThatFrightens() throws IOException {
        assertThat(up.log())
                .containsSubsequence(
                        "penstock: starting Kafka and Redis",
                        "Model all-mine version 1 is being loaded",
                        "Model all-mine version 1 is loaded on cpu in ",
                        "Penstock is up after ")
                .doesNotContain("WARN", "ERROR", "Exception", "CUDA", "cuda");
    }

    @Test
    @Order(1)
    void itIsReadyWhenBothRolesAreWarm() throws IOException {
        assertThat(up.log())
                .containsSubsequence("The ingress is warm after ", "Penstock is up after ")
                .containsSubsequence("The worker is warm after ", "Penstock is up after ");
    }

    @Test
    @Order(2)
    void everyAddressThatItPrintsAnswers() throws IOException {
        List<String> addresses =
                ADDRESS.matcher(welcome()).results().map(MatchResult::group).toList();

        assertThat(addresses).hasSizeGreaterThanOrEqualTo(3).allSatisfy(address -> {
            URI uri = URI.create(address);
            assertThat(new Service(uri).get(uri.getPath()).status()).as(address).isEqualTo(200);
        });
    }

    @Test
    @Order(3)
    void theExampleCallsAModelThatIsServed() throws Exception {
        String example = welcome()
                .lines()
                .filter(line -> line.contains("/infer"))
                .findFirst()
                .orElseThrow();

        assertThat(example).contains("/v2/models/all-mine/infer");
        assertThat(shell(example)).startsWith("{\"model_name\":\"all-mine\"").contains("\"outputs\":[");
    }

    @Test
    @Order(3)
    void aModelThatACentreRunsAnswersAsItDoesThere() {
        Service service = new Service(URI.create("http://127.0.0.1:" + port));
        String body = "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[2,3],\"data\":[1,2,3,4,5,6]}]}";

        Service.Answer answer = service.post("/v2/models/elsewhere/infer", body);

        assertThat(answer.status()).as(answer.json().toString()).isEqualTo(200);
        assertThat(answer.json().path("model_name").asText()).isEqualTo("elsewhere");
        assertThat(answer.json().path("outputs"))
                .isEqualTo(
                        service.post("/v2/models/all-mine/infer", body).json().path("outputs"));
        JsonNode metadata = service.get("/v2/models/elsewhere").json();
        assertThat(metadata.path("inputs"))
                .isEqualTo(service.get("/v2/models/all-mine").json().path("inputs"));
        assertThat(metadata.path("properties").path("batching").asText()).isEqualTo("batched");
    }

    @Test
    @Order(3)
    void noCallGoesRoundInACircle() {
        Service service = new Service(URI.create("http://127.0.0.1:" + port));
        String body = "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[1,3],\"data\":[1,2,3]}]}";

        Service.Answer answer = service.post("/v2/models/circle/infer", body);

        ErrorTableTest.assertProblem(answer, 503, "tag:penstock.dev,2026:problem/unavailable");
        assertThat(answer.json().path("detail").asText()).contains("the centre answered with status 503");
        Service.Answer passedOn = service.post("/v2/models/elsewhere/infer", body, "Penstock-Hops", "1");
        ErrorTableTest.assertProblem(passedOn, 503, "tag:penstock.dev,2026:problem/unavailable");
        assertThat(passedOn.json().path("detail").asText()).contains("are not passed on again");
    }

    @Test
    @Order(4)
    void diagnoseSaysThatNothingIsABottleneck() throws Exception {
        assertThat(diagnose("http://127.0.0.1:" + management)).startsWith("Nothing is a bottleneck.");
    }

    /** Long: where other processes take the cores, they are the bottleneck. */
    @Tag("long")
    @Test
    @Order(5)
    void diagnoseNamesThePartitionsThatAreFewerThanTheWorkers() throws Exception {
        int second = RoleProcess.freePort();
        Service service = new Service(URI.create("http://127.0.0.1:" + port)).awaitModel("heavy");
        AtomicBoolean enough = new AtomicBoolean();
        try (RoleProcess worker = new RoleProcess(List.of(
                        "up",
                        "--role",
                        "worker",
                        "--management-port",
                        Integer.toString(second),
                        "--kafka",
                        "127.0.0.1:" + kafkaPort,
                        "--models",
                        models.toString()));
                ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            try {
                await().atMost(START_LIMIT).until(() -> worker.log().contains("Penstock is up"));
                long turns = turnsOfAFifthOfASecond(service);
                for (int i = 0; i < CALLERS; i++) {
                    callers.execute(() -> {
                        while (!enough.get()) {
                            service.post("/v2/models/heavy/infer", turns(64, turns));
                        }
                    });
                }
                // The partition moves to the new worker, or stays; either way one has none.
                await().until(() -> diagnose("http://127.0.0.1:" + management + ",http://127.0.0.1:" + second)
                        .startsWith("Too few partitions are the bottleneck (model 'heavy')."));
            } finally {
                enough.set(true);
            }
        }
    }

    private static String welcome() throws IOException {
        String log = up.log();
        return log.substring(log.indexOf("Penstock is up after "));
    }

    private static String diagnose(String urls) throws Exception {
        return shell("./penstock diagnose --seconds 2 --url " + urls);
    }

    private static String shell(String command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("bash", "-c", command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        process.waitFor();
        return output;
    }

    /** The speed of a machine decides how many turns of the loop that are. */
    private static long turnsOfAFifthOfASecond(Service service) {
        for (long turns = 10_000; ; turns *= 2) {
            long start = System.nanoTime();
            service.post("/v2/models/heavy/infer", turns(1, turns));
            if (System.nanoTime() - start > 200_000_000) {
                return turns;
            }
        }
    }

    private static String turns(int rows, long each) {
        return "{\"inputs\":[{\"name\":\"turns\",\"datatype\":\"INT64\",\"shape\":[%d],\"data\":[%s]}]}"
                .formatted(rows, String.join(",", Collections.nCopies(rows, Long.toString(each))));
    }
}
