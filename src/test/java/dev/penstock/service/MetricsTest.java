package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.quarkus.test.common.http.TestHTTPResource;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the running service exports, against the page that describes it and against Prometheus's own check. */
@WholeService
class MetricsTest {
    private static final String PICK = "/v2/models/" + TestModels.PICK + "/infer";
    private static final String PICK_BODY =
            "{\"inputs\":[{\"name\":\"index\",\"datatype\":\"INT64\",\"shape\":[1],\"data\":[1]}]}";

    /** Depend on the machine, or on a configuration that the service under test does not have. */
    private static final Set<String> MAY_BE_ABSENT = Set.of(
            "gpu_utilization", "gpu_memory_used_ratio", "host_memory_used_ratio", "inference_tenants_file_broken");

    /** The start, and the questions whether the model is ready. */
    private static final Set<String> MAY_COUNT_WITHOUT_A_CALL =
            Set.of("inference_cold_starts_total", "inference_http_responses_total");

    @TestHTTPResource(value = "metrics", management = true)
    URI metrics = URI.create("http://localhost"); // injected

    private Service service;

    @BeforeEach
    void awaitTheModels() {
        service = Service.underTest().awaitModel(TestModels.UNCALLED).awaitModel(TestModels.PICK);
    }

    /** A row of docs/metrics.md. */
    private record Row(String type, Set<String> labels) {
        boolean isOfType(String exported) {
            return switch (type) {
                case "timer", "size" -> exported.equals("histogram");
                default -> type.equals(exported);
            };
        }

        boolean hasMaximum() {
            return isOfType("histogram") || isOfType("summary");
        }
    }

    @Test
    void everyMeterIsDocumentedAndEveryDocumentedMeterIsThere() throws IOException {
        Map<String, Row> rows = rows();
        Scrape scrape = scrape();
        Set<String> documented = new TreeSet<>(rows.keySet());
        rows.forEach((name, row) -> {
            if (row.hasMaximum()) {
                documented.add(name + "_max");
            }
        });
        Set<String> exported = new TreeSet<>(scrape.types().keySet());

        assertThat(exported).isSubsetOf(documented);
        documented.removeAll(MAY_BE_ABSENT);
        documented.removeIf(name -> name.startsWith("jvm_gc_")); // some come with the first collection
        assertThat(documented).isSubsetOf(exported);
    }

    @Test
    void typesAndLabelsAreAsDocumented() throws IOException {
        Scrape scrape = scrape();
        rows().forEach((name, row) -> {
            if (scrape.types().containsKey(name)) {
                assertThat(row.isOfType(scrape.types().get(name)))
                        .as("%s is a %s", name, scrape.types().get(name))
                        .isTrue();
                assertThat(scrape.labels(name)).as("labels of %s", name).isEqualTo(row.labels);
            }
        });
    }

    @Test
    void everyMeterHasHelp() {
        Scrape scrape = scrape();
        assertThat(scrape.types().keySet())
                .allSatisfy(name -> assertThat(scrape.help().getOrDefault(name, ""))
                        .as("help of %s", name)
                        .isNotBlank());
    }

    @Test
    void aModelThatNobodyHasCalledHasAllItsCountersAtZero() throws IOException {
        Scrape scrape = scrape();
        rows().forEach((name, row) -> {
            if (row.type.equals("counter") && row.labels.contains("model")) {
                double most = MAY_COUNT_WITHOUT_A_CALL.contains(name) ? Double.MAX_VALUE : 0;
                assertThat(scrape.sum(name, "model", TestModels.UNCALLED))
                        .as(name)
                        .isBetween(0.0, most);
            }
        });
        assertThat(responses(scrape, TestModels.UNCALLED, 429) + responses(scrape, TestModels.UNCALLED, 504))
                .isZero();
        assertThat(scrape.sum("inference_latency_seconds_count", "model", TestModels.UNCALLED))
                .isZero();
        assertThat(scrape.sum("inference_predicted_wait_seconds", "model", TestModels.UNCALLED))
                .isZero();
        assertThat(scrape.sum("inference_ready_workers", "model", TestModels.UNCALLED))
                .isEqualTo(1);
        assertThat(scrape.sum("inference_partitions", "model", TestModels.UNCALLED, "lane", "bulk"))
                .isEqualTo(4);
    }

    @Test
    void passesPrometheussOwnCheck() throws IOException, InterruptedException {
        Path promtool = Path.of("/usr/bin/promtool");
        assumeThat(promtool).as("Debian's package prometheus is not installed").exists();
        Path output = Files.createTempFile("promtool", ".txt");
        String text = scrape().text();
        Process check = new ProcessBuilder(promtool.toString(), "check", "metrics")
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try (var input = check.getOutputStream()) {
            input.write(text.getBytes(UTF_8));
        }
        int code = check.waitFor();
        assertThat(Files.readString(output)).isEmpty();
        assertThat(code).isZero();
    }

    /** The ingress observes synchronous calls and the worker all others, although both are in this process. */
    @Test
    void observesEachRequestOnce() {
        double before = answered();
        for (int i = 0; i < 3; i++) {
            assertThat(service.post(PICK, PICK_BODY).status()).isEqualTo(200);
        }
        await().untilAsserted(() -> assertThat(answered() - before).isEqualTo(3));
        assertThat(service.post(PICK, PICK_BODY, "Prefer", "respond-async, wait=20")
                        .status())
                .isEqualTo(200);
        await().untilAsserted(() -> assertThat(answered() - before).isEqualTo(4));
    }

    private double answered() {
        return scrape().sum("inference_latency_seconds_count", "model", TestModels.PICK);
    }

    @Test
    void countsRefusedCallsByModelAndStatus() {
        Scrape before = scrape();
        service.post(PICK, "no JSON");
        service.get("/v2/models/no-such-model");
        service.send("DELETE", "/v2/models/" + TestModels.PICK, java.net.http.HttpRequest.BodyPublishers.noBody());
        service.get("/not/of/the/API");
        await().untilAsserted(() -> {
            Scrape after = scrape();
            assertThat(responses(after, TestModels.PICK, 400) - responses(before, TestModels.PICK, 400))
                    .isEqualTo(1);
            assertThat(responses(after, TestModels.PICK, 405) - responses(before, TestModels.PICK, 405))
                    .isEqualTo(1);
            assertThat(responses(after, "none", 404) - responses(before, "none", 404))
                    .isEqualTo(1);
        });
    }

    @Test
    void countsAndObservesACallThatIsNotAnsweredInTime() {
        service.awaitModel(TestModels.PATIENCE);
        Scrape before = scrape();
        String body = "{\"inputs\":[{\"name\":\"turns\",\"datatype\":\"INT64\",\"shape\":[1],\"data\":[1000000]}]}";
        assertThat(service.post("/v2/models/" + TestModels.PATIENCE + "/infer", body, "Penstock-Timeout-Ms", "100")
                        .status())
                .isEqualTo(504);
        await().untilAsserted(() -> {
            Scrape after = scrape();
            assertThat(responses(after, TestModels.PATIENCE, 504) - responses(before, TestModels.PATIENCE, 504))
                    .isEqualTo(1);
            assertThat(latencies(after) - latencies(before)).isEqualTo(1);
        });
    }

    @Test
    void whatTheServiceDependsOnIsThere() {
        service.post(PICK, PICK_BODY);
        await().untilAsserted(() -> {
            assertThat(scrape().sum("inference_kafka_up")).isEqualTo(1);
            assertThat(scrape().sum("inference_redis_up")).isEqualTo(1);
        });
        assertThat(scrape().sum("inference_kafka_write_seconds_count")).isPositive();
    }

    private static double latencies(Scrape scrape) {
        return scrape.sum("inference_latency_seconds_count", "model", TestModels.PATIENCE);
    }

    private static double responses(Scrape scrape, String model, int status) {
        return scrape.sum("inference_http_responses_total", "model", model, "status", Integer.toString(status));
    }

    private Scrape scrape() {
        Service.Answer answer = new Service(metrics).get(metrics.getPath(), "Accept", "text/plain");
        return new Scrape(new String(answer.body(), UTF_8));
    }

    /** The tables of docs/metrics.md, by meter. */
    private static Map<String, Row> rows() throws IOException {
        Pattern row = Pattern.compile("\\| `(\\w+)` \\| (\\w+)[^|]*\\| ([^|]*)\\|.*");
        Map<String, Row> rows = new LinkedHashMap<>();
        for (String line : Files.readAllLines(Path.of("docs/metrics.md"))) {
            var matcher = row.matcher(line);
            if (matcher.matches()) {
                List<String> labels = Arrays.asList(matcher.group(3).split("[`,\\s]+", -1));
                Set<String> named = labels.stream()
                        .filter(label -> !label.isEmpty())
                        .collect(Collectors.toCollection(TreeSet::new));
                rows.put(matcher.group(1), new Row(matcher.group(2), named));
            }
        }
        assertThat(rows).hasSizeGreaterThan(50);
        return rows;
    }
}
