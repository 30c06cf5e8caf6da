package dev.penstock.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** {@code kubectl kustomize}, which renders a folder as {@code kubectl apply -k} applies it. It needs no cluster. */
final class Kustomize {
    private Kustomize() {}

    /** Skips the test where there is no kubectl, or one whose kustomize is too old for components. */
    static void assumeInstalled() {
        assumeThat(version())
                .as(
                        "kubectl with kustomize 5 must be installed (Debian 13's package kubernetes-client); .ci/run installs it")
                .contains("Kustomize Version: v5");
    }

    private static String version() {
        try {
            return run(List.of("kubectl", "version", "--client")).output();
        } catch (IOException absent) {
            return "no kubectl";
        }
    }

    /**
     * The manifest of a folder with a kustomization.
     *
     * @throws AssertionError with what kubectl printed, unless it ends with 0
     */
    static String render(Path folder) throws IOException {
        Result rendered = run(List.of("kubectl", "kustomize", folder.toString()));
        assertThat(rendered.status()).as(rendered.output()).isZero();
        return rendered.output();
    }

    private record Result(int status, String output) {}

    private static Result run(List<String> command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        try {
            return new Result(process.waitFor(), output);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while kubectl ran", interrupted);
        }
    }
}
