package dev.penstock.alerts;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThatCode;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Prometheus' own tool, which reads and evaluates rules as Prometheus does. */
final class Promtool {
    private Promtool() {}

    /** Skips the test where there is no promtool. */
    static void assumeInstalled() {
        assumeThatCode(() -> new ProcessBuilder("promtool", "--version").start().waitFor())
                .as("promtool must be installed (Debian's package prometheus); .ci/run installs it")
                .doesNotThrowAnyException();
    }

    /** @throws AssertionError with what it printed, unless it ends with 0 */
    static void passes(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("promtool"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
    }
}
