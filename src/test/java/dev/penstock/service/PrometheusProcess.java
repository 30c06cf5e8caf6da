package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThatCode;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;

/** A real Prometheus on a free port, which looks twice a second. */
final class PrometheusProcess implements AutoCloseable {
    private final Service http;
    private final Process process;
    private final Path log;

    /**
     * @param folder takes its configuration and data
     * @param target host:port of the management port to scrape
     */
    PrometheusProcess(Path folder, String rules, String target) throws IOException {
        int port = RoleProcess.freePort();
        http = new Service(URI.create("http://127.0.0.1:" + port));
        log = folder.resolve("prometheus.log");
        Files.writeString(folder.resolve("rules.yml"), rules);
        Path configuration = Files.writeString(folder.resolve("prometheus.yml"), """
                global: {scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms}
                rule_files: [rules.yml]
                scrape_configs:
                  - job_name: penstock
                    metrics_path: /q/metrics
                    static_configs: [{targets: ["%s"]}]
                """.formatted(target));
        process = new ProcessBuilder(
                        "prometheus",
                        "--config.file=" + configuration,
                        "--storage.tsdb.path=" + folder.resolve("data"),
                        "--web.listen-address=127.0.0.1:" + port)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
    }

    /** Skips the test where there is no Prometheus. */
    static void assumeInstalled() {
        assumeThatCode(() ->
                        new ProcessBuilder("prometheus", "--version").start().waitFor())
                .as("prometheus must be installed; .ci/run installs it")
                .doesNotThrowAnyException();
    }

    boolean isReady() {
        return process.isAlive() && http.get("/-/ready").status() == 200;
    }

    /** Returns the samples that an expression has now. */
    JsonNode query(String expression) throws IOException {
        Service.Answer answer = http.get("/api/v1/query?query=" + URLEncoder.encode(expression, UTF_8));
        assertThat(answer.status())
                .as("%s: %s; see %s", expression, new String(answer.body(), UTF_8), log)
                .isEqualTo(200);
        return answer.json().at("/data/result");
    }

    /** The alerts that fire now, as {@code name} or {@code name of model}. */
    Set<String> firing() throws IOException {
        return alerts("ALERTS{alertstate=\"firing\"}");
    }

    /** The alerts that fired at any time since the start. */
    Set<String> everFired() throws IOException {
        return alerts("max_over_time(ALERTS{alertstate=\"firing\"}[1h])");
    }

    private Set<String> alerts(String expression) throws IOException {
        Set<String> names = new TreeSet<>();
        for (JsonNode sample : query(expression)) {
            JsonNode labels = sample.path("metric");
            String model = labels.path("model").asText();
            names.add(labels.path("alertname").asText() + (model.isEmpty() ? "" : " of " + model));
        }
        return names;
    }

    /** Rules that Prometheus could not evaluate, with its message; texts that it could not fill in. */
    Set<String> broken() {
        Set<String> broken = new TreeSet<>();
        http.get("/api/v1/rules").json().findParents("health").stream()
                .filter(rule -> rule.path("lastError").asText().length() > 0
                        || rule.toString().contains("<error expanding template")
                        || rule.toString().contains("<no value>"))
                .forEach(rule -> broken.add(rule.toString()));
        return broken;
    }

    @Override
    public void close() {
        process.destroy();
    }
}
