package dev.penstock.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A process of its own with the JVM flags of the launcher. It ends with this one. */
final class ChildProcess implements AutoCloseable {
    /** What {@code ./mvnw package} makes in this checkout. */
    static final Path PACKAGE = Path.of("target/quarkus-app");

    private static final Path LOGS = Path.of("target/bench");
    private static final Duration START_LIMIT = Duration.ofMinutes(3);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(30);

    private final Process process;
    private final Path log;

    private ChildProcess(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /**
     * Starts the built package.
     *
     * @param folder the package, as {@link #PACKAGE}
     * @param jvm options of its JVM, which override those of {@code up}
     * @param properties system properties of its JVM, by name
     * @param arguments of {@code ./penstock}
     * @param log name of the file for its output
     */
    static ChildProcess start(
            Path folder,
            List<String> jvm,
            Map<String, String> properties,
            Map<String, String> environment,
            List<String> arguments,
            String log)
            throws IOException {
        Path jar = folder.resolve("quarkus-run.jar");
        if (!Files.exists(jar)) {
            throw new IOException(jar + " must exist; build it with ./mvnw package");
        }
        List<String> options = new ArrayList<>(jvm);
        properties.forEach((name, value) -> options.add("-D" + name + "=" + value));
        options.addAll(List.of("-jar", jar.toString()));
        return start(options, environment, arguments, log);
    }

    /** Starts a main class of the tools. */
    static ChildProcess start(Class<?> main, List<String> arguments, String log) throws IOException {
        // By environment, as the launcher passes it. The class path of a forked test JVM is a jar that only points to
        // this one.
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return start(List.of(main.getName()), Map.of("CLASSPATH", classPath), arguments, log);
    }

    private static ChildProcess start(
            List<String> what, Map<String, String> environment, List<String> arguments, String logName)
            throws IOException {
        Path log = LOGS.resolve(logName + ".log");
        Files.createDirectories(LOGS);
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Xms512m",
                "-Xmx2g",
                "-XX:+UseParallelGC"));
        if (Runtime.version().feature() >= 24) {
            command.add("--sun-misc-unsafe-memory-access=allow");
        }
        if (lendsHugePages()) {
            command.add("-XX:+UseTransparentHugePages");
        }
        command.addAll(what);
        command.addAll(arguments);
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        // As in the launcher: the telemetry of ONNX Runtime can crash the JVM.
        builder.environment().put("ORT_DISABLE_TELEMETRY", "1");
        builder.environment().putAll(environment);
        Process process = builder.start();
        // Stops it when the benchmark is interrupted.
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
        return new ChildProcess(process, log);
    }

    /** Whether the system lends huge pages to a process that asks, as the launcher looks, too. */
    private static boolean lendsHugePages() throws IOException {
        Path mode = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");
        return Files.exists(mode) && !Files.readString(mode).contains("[never]");
    }

    /**
     * Waits until GET of this address returns 200.
     *
     * @throws LocalService.EndedException when the process ends before
     */
    void awaitReady(URI address) throws IOException, InterruptedException {
        long startNanos = System.nanoTime();
        try (HttpClient client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
            while (!isReady(client, address)) {
                if (process.waitFor(100, TimeUnit.MILLISECONDS)) {
                    throw new LocalService.EndedException(
                            "the process exited with status " + process.exitValue() + "; see " + log);
                }
                if (System.nanoTime() - startNanos > START_LIMIT.toNanos()) {
                    throw new IOException(address + " must return 200 within " + START_LIMIT + "; see " + log);
                }
            }
        }
    }

    private static boolean isReady(HttpClient client, URI address) throws InterruptedException {
        try {
            HttpRequest request = HttpRequest.newBuilder(address)
                    .timeout(Duration.ofSeconds(2))
                    .build();
            return client.send(request, BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException e) {
            return false;
        }
    }

    ProcessHandle handle() {
        return process.toHandle();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** The file with what it prints. */
    Path log() {
        return log;
    }

    /** Finds free ports. All are held open until the last is found, so that they differ. */
    static List<Integer> freePorts(int count) throws IOException {
        List<ServerSocket> held = new ArrayList<>();
        try {
            List<Integer> ports = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                held.add(socket);
                ports.add(socket.getLocalPort());
            }
            return ports;
        } finally {
            for (ServerSocket socket : held) {
                socket.close();
            }
        }
    }

    /** Sends SIGTERM, then SIGKILL if it does not stop. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
