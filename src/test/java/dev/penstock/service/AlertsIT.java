package dev.penstock.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.alerts.AlertRules;
import dev.penstock.alerts.Dashboard;
import dev.penstock.local.LocalStack;
import dev.penstock.model.OnnxModels;
import dev.penstock.samples.DigitsTable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real Prometheus scrapes a real service: its rules fire for what is wrong, and for nothing else. */
class AlertsIT {
    private static final String CALM = "digits";
    private static final String OVERLOADED = "patience";
    private static final String CALM_BODY =
            Digits.request(DigitsTable.load().heldOut().getFirst());

    /** A minute of the rules is a second here. */
    private static final int FACTOR = 60;

    /** As long as the window and the wait of any alert that needs no features: 5 and 15 of their minutes. */
    private static final Duration CALM_TIME = Duration.ofSeconds(20);

    /** How long a run takes while the model is overloaded, and callers for which that is too long: the last would wait for ten seconds. */
    private static final Duration LONG_RUN = Duration.ofMillis(250);

    private static final int CALLERS = 40;
    private static final Duration CALM_PAUSE = Duration.ofMillis(20);
    private static final Duration RETRY_PAUSE = Duration.ofMillis(200);

    /** They speak of the machine that runs the tests, which may be small and busy. */
    private static final Set<String> OF_THE_MACHINE =
            Set.of("PenstockIngressBehind", "PenstockHostMemoryFull", "PenstockGpuBusy", "PenstockGpuMemoryFull");

    @Test
    void theRightAlertsFire(@TempDir Path folder) throws Exception {
        PrometheusProcess.assumeInstalled();
        int port = RoleProcess.freePort();
        int management = RoleProcess.freePort();
        Service service = new Service(URI.create("http://127.0.0.1:" + port));
        AtomicBoolean enough = new AtomicBoolean();
        try (LocalStack stack = LocalStack.start();
                RoleProcess ignored = start(stack, port, management, models(folder.resolve("models")));
                ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            try {
                service.awaitModel(CALM).awaitModel(OVERLOADED);
                for (int i = 0; i < 200; i++) {
                    call(service, CALM, CALM_BODY); // so that the first calls of a cold service are over
                }
                String longRun = turns(turnsOf(LONG_RUN, service));
                for (int caller = 0; caller < 2; caller++) {
                    callers.submit(() -> callUntil(enough, CALM_PAUSE, service, CALM, CALM_BODY));
                    callers.submit(() -> callUntil(enough, CALM_PAUSE, service, OVERLOADED, turns(1)));
                }
                try (PrometheusProcess prometheus = new PrometheusProcess(
                        Files.createDirectories(folder.resolve("prometheus")),
                        AlertRules.source().shortened(FACTOR).plain(),
                        "127.0.0.1:" + management)) {
                    await().ignoreExceptionsInstanceOf(UncheckedIOException.class)
                            .until(prometheus::isReady);
                    await().during(CALM_TIME)
                            .atMost(CALM_TIME.multipliedBy(3))
                            .untilAsserted(() -> assertThat(ofTheService(prometheus.everFired()))
                                    .isEmpty());

                    for (int caller = 0; caller < CALLERS; caller++) {
                        callers.submit(() -> callUntil(enough, RETRY_PAUSE, service, OVERLOADED, longRun));
                    }
                    Set<String> expected = Set.of(
                            "PenstockRefusing of " + OVERLOADED,
                            "PenstockLatencyHigh of " + OVERLOADED,
                            "PenstockErrorBudgetBurnsFast of " + OVERLOADED,
                            "PenstockErrorBudgetBurnsSlowly of " + OVERLOADED);
                    await().untilAsserted(() -> assertThat(prometheus.firing()).containsAll(expected));

                    assertThat(ofTheService(prometheus.everFired())).isEqualTo(expected);
                    assertThat(prometheus.broken()).isEmpty();
                    everyPanelShowsSomething(prometheus);
                }
            } finally {
                enough.set(true);
            }
        }
    }

    private static void everyPanelShowsSomething(PrometheusProcess prometheus) throws IOException {
        for (Map.Entry<String, String> query : Dashboard.read().queries("10s").entrySet()) {
            boolean needsWhatIsNotHere =
                    query.getValue().contains("feature_") || query.getValue().contains("gpu_");
            if (!needsWhatIsNotHere) {
                assertThat(prometheus.query(query.getValue()))
                        .as("%s: %s", query.getKey(), query.getValue())
                        .isNotEmpty();
            }
        }
    }

    private static Set<String> ofTheService(Set<String> alerts) {
        alerts.removeAll(OF_THE_MACHINE);
        return alerts;
    }

    private static void callUntil(AtomicBoolean enough, Duration pause, Service service, String model, String body) {
        while (!enough.get()) {
            call(service, model, body);
            LockSupport.parkNanos(pause.toNanos());
        }
    }

    /** Measured, since machines differ. */
    private static int turnsOf(Duration run, Service service) {
        int sample = 50_000;
        call(service, OVERLOADED, turns(sample));
        long began = System.nanoTime();
        call(service, OVERLOADED, turns(sample));
        return (int) (sample * run.toNanos() / (System.nanoTime() - began));
    }

    private static void call(Service service, String model, String body) {
        service.post("/v2/models/" + model + "/infer", body);
    }

    private static String turns(int turns) {
        return "{\"inputs\":[{\"name\":\"turns\",\"datatype\":\"INT64\",\"shape\":[1],\"data\":[" + turns + "]}]}";
    }

    private static RoleProcess start(LocalStack stack, int port, int management, Path models) throws IOException {
        return new RoleProcess(List.of(
                "up",
                "--port",
                Integer.toString(port),
                "--management-port",
                Integer.toString(management),
                "--kafka",
                stack.bootstrapServers(),
                "--redis",
                stack.redisUrl(),
                "--models",
                models.toString()));
    }

    private static Path models(Path folder) throws IOException {
        Path calm = Files.createDirectories(folder.resolve(CALM).resolve("1"));
        Files.copy(Path.of("src/main/models/digits/1/model.onnx"), calm.resolve("model.onnx"));
        OnnxModels.write(folder, OVERLOADED, 1, OnnxModels.patience());
        OnnxModels.writeConfig(folder, OVERLOADED, """
                max_batch_size: 1
                execution_providers: [{cpu: {concurrent_runs: 1}}]
                """);
        return folder;
    }
}
