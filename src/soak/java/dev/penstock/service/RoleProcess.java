package dev.penstock.service;

import dev.penstock.local.LocalStack;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The built package in its own JVM, started by the launcher. */
public final class RoleProcess implements AutoCloseable {
    /** Exit status of a JVM that shut down in order after SIGTERM. */
    public static final int TERMINATED = 128 + 15;

    private static final Path PACKAGE = Path.of(System.getProperty("penstock.package", "target/quarkus-app"));

    static final Map<String, String> ENVIRONMENT = Map.of(
            "ORT_DISABLE_TELEMETRY",
            "1",
            "PENSTOCK_WARM_UP_WHEN",
            "off",
            "PENSTOCK_WORKER_MODELS",
            Path.of("src/main/models").toAbsolutePath().toString());

    private final Process process;
    private final Path log;

    /** @param arguments of {@code ./penstock} */
    RoleProcess(List<String> arguments) throws IOException {
        this(arguments, Map.of());
    }

    /** @param environment additional variables */
    RoleProcess(List<String> arguments, Map<String, String> environment) throws IOException {
        this(arguments, environment, Files.createTempFile("penstock-", ".log"));
    }

    /** @param log the file that takes what the process prints; appended to if it exists */
    public RoleProcess(List<String> arguments, Map<String, String> environment, Path log) throws IOException {
        this.log = log;
        ProcessBuilder builder = new ProcessBuilder(command(AotCache.option(PACKAGE), arguments))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().putAll(ENVIRONMENT);
        builder.environment().putAll(environment);
        process = builder.start();
    }

    /** @param jvmOptions in addition to those that every role has */
    static List<String> command(List<String> jvmOptions, List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx512m"));
        command.addAll(jvmOptions);
        command.addAll(optionsOfTheEnvironment());
        command.addAll(List.of("-jar", PACKAGE.resolve("quarkus-run.jar").toString()));
        command.addAll(arguments);
        return command;
    }

    /** {@code JAVA_OPTS}, as the launcher takes them. */
    private static List<String> optionsOfTheEnvironment() {
        return Stream.of(System.getenv().getOrDefault("JAVA_OPTS", "").split(" "))
                .filter(option -> !option.isEmpty())
                .toList();
    }

    /** Starts one role on the stack's broker, with a management port of its own. */
    public static RoleProcess role(String role, LocalStack stack, String... more) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(
                "up",
                "--role",
                role,
                "--management-port",
                Integer.toString(freePort()),
                "--kafka",
                stack.bootstrapServers()));
        arguments.addAll(List.of(more));
        return new RoleProcess(arguments);
    }

    /** Below the range from which systems take the ports of outgoing connections: one of these could take it before it is used. */
    public static int freePort() throws IOException {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(10_000, 32_000);
            try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (BindException taken) {
                // Another one.
            }
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

    public ProcessHandle handle() {
        return process.toHandle();
    }

    /**
     * Sends SIGKILL.
     *
     * @return the exit status
     */
    public int kill() throws InterruptedException {
        return process.destroyForcibly().waitFor();
    }

    /**
     * Sends SIGTERM, as Kubernetes does, and waits.
     *
     * @return the exit status; {@link #TERMINATED} for a shutdown in order
     * @throws IllegalStateException when the process still runs after 30 s
     */
    public int stop() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IllegalStateException("still runs 30 s after SIGTERM; see " + log);
        }
        return process.exitValue();
    }

    /** Stops it, unless it has ended. */
    @Override
    public void close() {
        boolean isRunning = process.isAlive();
        int status;
        try {
            status = stop();
        } catch (InterruptedException stopped) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            return;
        }
        if (isRunning && status != TERMINATED) {
            throw new AssertionError("ended with status " + status + "; see " + log);
        }
    }
}
