package dev.penstock.service;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The built package in its own JVM, started by the launcher. */
final class RoleProcess implements AutoCloseable {
    /** Exit status of a JVM that shut down in order after SIGTERM. */
    private static final int TERMINATED = 128 + 15;

    private static final Path PACKAGE = Path.of(System.getProperty("penstock.package", "target/quarkus-app"));

    private final Process process;
    private final Path log;

    /** @param arguments of {@code ./penstock} */
    RoleProcess(List<String> arguments) throws IOException {
        this(arguments, Map.of());
    }

    /** @param environment additional variables */
    RoleProcess(List<String> arguments, Map<String, String> environment) throws IOException {
        log = Files.createTempFile("penstock-", ".log");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx512m",
                "-jar",
                PACKAGE.resolve("quarkus-run.jar").toString()));
        command.addAll(arguments);
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().put("ORT_DISABLE_TELEMETRY", "1");
        builder.environment()
                .put(
                        "PENSTOCK_WORKER_MODELS",
                        Path.of("src/main/models").toAbsolutePath().toString());
        builder.environment().putAll(environment);
        process = builder.start();
    }

    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    String log() throws IOException {
        return Files.readString(log);
    }

    /** Waits until the process ends by itself, and returns its exit status. */
    int awaitExit() throws InterruptedException {
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            throw new AssertionError("still runs after 60 s; see " + log);
        }
        return process.exitValue();
    }

    ProcessHandle handle() {
        return process.toHandle();
    }

    /** Sends SIGKILL. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Sends SIGTERM, as Kubernetes does, and waits. */
    @Override
    public void close() {
        boolean isRunning = process.isAlive();
        process.destroy();
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("still runs 30 s after SIGTERM; see " + log);
            }
        } catch (InterruptedException stopped) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            return;
        }
        if (isRunning && process.exitValue() != TERMINATED) {
            throw new AssertionError("ended with status " + process.exitValue() + "; see " + log);
        }
    }
}
