package dev.penstock.service;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process with a mistake in its configuration ends at startup, with every mistake in plain words and no stack trace. */
class BadConfigurationIT {
    @Test
    void valuesOutOfRangeEndTheStartWithKeyValueAndRange() throws Exception {
        try (RoleProcess process = start(Map.of(
                "PENSTOCK_WORKER_HEARTBEAT", "0s",
                "PENSTOCK_INGRESS_SYNC_TIMEOUT", "0s",
                "PENSTOCK_INGRESS_REQUEST_ID_KEY", "too short"))) {
            assertThat(process.awaitExit()).isEqualTo(78);
            assertThat(process.log())
                    .contains("penstock.worker.heartbeat must be 100ms to 10m, was 0s")
                    .contains("penstock.ingress.sync-timeout must be 10ms to 7d, was 0s")
                    .contains("penstock.ingress.request-id-key must be 16 to 1024 characters")
                    .doesNotContain("too short", "\tat ");
        }
    }

    @Test
    void valuesThatDoNotWorkTogetherEndTheStart() throws Exception {
        try (RoleProcess process = start(Map.of(
                "PENSTOCK_INGRESS_WORKER_TIMEOUT", "1s",
                "PENSTOCK_INGRESS_EVENTS_HEARTBEAT", "2m"))) {
            assertThat(process.awaitExit()).isEqualTo(78);
            assertThat(process.log())
                    .contains(
                            "penstock.worker.heartbeat must be shorter than penstock.ingress.worker-timeout (1s), was 2s")
                    .contains(
                            "penstock.ingress.events-heartbeat must be shorter than quarkus.http.idle-timeout (75s), was 2m")
                    .doesNotContain("\tat ");
        }
    }

    @Test
    void aFolderWithoutModelsEndsTheStartInOneLine(@TempDir Path folder) throws Exception {
        Files.writeString(folder.resolve("x.onnx"), "");
        for (Path models : List.of(folder, folder.resolve("missing"))) {
            try (RoleProcess process = new RoleProcess(List.of("up", "--models", models.toString()))) {
                assertThat(process.awaitExit()).isEqualTo(1);
                assertThat(process.log().lines().filter(line -> !line.startsWith("WARNING:")))
                        .singleElement()
                        .asString()
                        .startsWith("penstock: ")
                        .contains(models.toString(), "/1/model.onnx");
            }
        }
    }

    /** Without a broker and without a Redis: neither is needed to find a mistake. */
    private static RoleProcess start(Map<String, String> environment) throws IOException {
        return new RoleProcess(
                List.of(
                        "up",
                        "--port",
                        Integer.toString(RoleProcess.freePort()),
                        "--management-port",
                        Integer.toString(RoleProcess.freePort()),
                        "--kafka",
                        "localhost:" + RoleProcess.freePort(),
                        "--redis",
                        "redis://localhost:" + RoleProcess.freePort()),
                environment);
    }
}
