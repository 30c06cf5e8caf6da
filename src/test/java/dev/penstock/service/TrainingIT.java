package dev.penstock.service;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** {@code ./penstock up --train}. What the JVM keeps of it starts all roles of these tests ({@link AotCache}). */
class TrainingIT {
    @Test
    void endsOnceBothRolesAreWarm() throws Exception {
        try (RoleProcess training = new RoleProcess(
                List.of(
                        "up",
                        "--train",
                        "--port",
                        Integer.toString(RoleProcess.freePort()),
                        "--management-port",
                        Integer.toString(RoleProcess.freePort()),
                        "--kafka-port",
                        Integer.toString(RoleProcess.freePort()),
                        "--redis-port",
                        Integer.toString(RoleProcess.freePort())),
                Map.of("PENSTOCK_WARM_UP_AT_MOST", "1s"))) {

            assertThat(training.awaitExit()).isZero();

            assertThat(training.log())
                    .containsSubsequence("The ingress is warm after ", "penstock: the service is warm, and ends")
                    .containsSubsequence("The worker is warm after ", "penstock: the service is warm, and ends")
                    .doesNotContain("Penstock is up", "WARN", "ERROR");
        }
    }
}
