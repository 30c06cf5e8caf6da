package dev.penstock.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.threads.Faults;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With a script in place of {@code nvidia-smi}. */
class GpuWatchTest {
    private static final long INTERVAL_MILLIS = 20;

    @TempDir
    Path folder;

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final Faults faults = new Faults("process");

    @AfterEach
    void noThreadHasFailed() {
        assertThat(faults.isEmpty()).isTrue();
    }

    @Test
    void tellsTheLoadAndTheMemoryOfEachGpu() throws IOException {
        program("""
                [ "$1" = --query-gpu=index,utilization.gpu,memory.used,memory.total ] || exit 2
                [ "$2" = --format=csv,noheader,nounits ] || exit 2
                echo '0, 75, 256, 1024'
                echo '1, [N/A], 512, 1024'
                """);
        try (GpuWatch watch = watch(5_000)) {
            await().untilAsserted(() -> {
                assertThat(value("gpu.utilization", "0")).isEqualTo(0.75);
                assertThat(value("gpu.memory.used.ratio", "0")).isEqualTo(0.25);
                assertThat(value("gpu.memory.used.ratio", "1")).isEqualTo(0.5);
            });
            assertThat(registry.find("gpu.utilization").tag("gpu", "1").gauge()).isNull();
            assertThat(watch).isNotNull();
        }
    }

    @Test
    void followsTheGpu() throws IOException {
        program("echo '0, 10, 1, 4'");
        try (GpuWatch watch = watch(5_000)) {
            await().untilAsserted(
                            () -> assertThat(value("gpu.utilization", "0")).isEqualTo(0.1));
            program("echo '0, 90, 1, 4'");
            await().untilAsserted(
                            () -> assertThat(value("gpu.utilization", "0")).isEqualTo(0.9));
            assertThat(watch).isNotNull();
        }
    }

    @Test
    void theGaugesAreAbsentWhileTheDriverFailsOrHangs() throws IOException {
        program("echo '0, 10, 1, 4'");
        try (GpuWatch watch = watch(500)) {
            await().until(() -> isThere("gpu.utilization"));
            program("echo 'NVIDIA-SMI has failed'; exit 9");
            await().until(() -> !isThere("gpu.utilization") && !isThere("gpu.memory.used.ratio"));
            program("echo '0, 10, 1, 4'");
            await().until(() -> isThere("gpu.utilization"));
            program("exec sleep 60");
            await().until(() -> !isThere("gpu.utilization"));
            assertThat(watch).isNotNull();
        }
    }

    @Test
    void withoutTheProgramThereAreNoGaugesUntilItIsInstalled() throws IOException {
        try (GpuWatch watch = watch(5_000)) {
            assertThat(isThere("gpu.utilization") || isThere("gpu.memory.used.ratio"))
                    .isFalse();
            program("echo '0, 10, 1, 4'");
            await().until(() -> isThere("gpu.utilization"));
            assertThat(watch).isNotNull();
        }
    }

    private GpuWatch watch(long patienceMillis) {
        return new GpuWatch(folder.resolve("nvidia-smi"), registry, faults, INTERVAL_MILLIS, patienceMillis);
    }

    private boolean isThere(String meter) {
        return !registry.find(meter).gauges().isEmpty();
    }

    private double value(String meter, String gpu) {
        Gauge gauge = registry.find(meter).tag("gpu", gpu).gauge();
        return gauge == null ? Double.NaN : gauge.value();
    }

    /** Put into place in one step, since the watch may start it at any time. */
    private void program(String script) throws IOException {
        Path written = Files.writeString(folder.resolve("new"), "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(written, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.move(written, folder.resolve("nvidia-smi"), StandardCopyOption.ATOMIC_MOVE);
    }
}
