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
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A complete Penstock with its own broker and Redis, in a separate JVM on free ports, as {@code ./penstock up} starts it. */
public final class LocalService implements AutoCloseable {
    private static final Path PACKAGE = Path.of("target/quarkus-app/quarkus-run.jar");
    private static final Path MODELS = Path.of("src/main/models");
    private static final Path LOGS = Path.of("target/bench");
    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(30);

    private final Process process;
    private final Target target;
    private final Path log;

    /**
     * The setup of a service.
     *
     * @param ready paths that return 200 when the service is ready
     * @param settings configuration of the service, by key
     * @param redis an external Redis, instead of an embedded one
     * @param log name of the file for the service's output
     */
    public record Setup(
            Path models, List<String> ready, Map<String, String> settings, Optional<String> redis, String log) {
        /** The default configuration; waits until the named models are ready. */
        static Setup of(Path models, List<String> names) {
            List<String> ready =
                    names.stream().map(name -> "/v2/models/" + name + "/ready").toList();
            return new Setup(models, ready, Map.of(), Optional.empty(), "service");
        }
    }

    /** The service ended before it was ready. */
    public static final class EndedException extends IOException {
        EndedException(String message) {
            super(message);
        }
    }

    private LocalService(Process process, Target target, Path log) {
        this.process = process;
        this.target = target;
        this.log = log;
    }

    /** Starts the built package with the sample models, and waits until the named model is ready. */
    public static LocalService start(String model) throws IOException, InterruptedException {
        String folder = System.getenv().getOrDefault("PENSTOCK_WORKER_MODELS", MODELS.toString());
        return start(Setup.of(Path.of(folder), List.of(model)));
    }

    /** Starts the built package, and waits until it is ready. */
    public static LocalService start(Setup setup) throws IOException, InterruptedException {
        if (!Files.exists(PACKAGE)) {
            throw new IOException(PACKAGE + " must exist; build it with ./mvnw package");
        }
        List<Integer> ports = freePorts(4);
        Path log = LOGS.resolve(setup.log() + ".log");
        Files.createDirectories(LOGS);
        ProcessBuilder builder = new ProcessBuilder(command(setup, ports))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment()
                .put("PENSTOCK_WORKER_MODELS", setup.models().toAbsolutePath().toString());
        // As in the launcher: the telemetry of ONNX Runtime can crash the JVM.
        builder.environment().put("ORT_DISABLE_TELEMETRY", "1");
        Process process = builder.start();
        // Stops the service when the benchmark is interrupted.
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
        Target target = new Target(
                URI.create("http://127.0.0.1:" + ports.get(0)),
                URI.create("http://127.0.0.1:" + ports.get(1)),
                "127.0.0.1:" + ports.get(2));
        LocalService service = new LocalService(process, target, log);
        try {
            for (String path : setup.ready()) {
                service.awaitReady(path);
            }
            return service;
        } catch (IOException | InterruptedException | RuntimeException e) {
            service.close();
            throw e;
        }
    }

    /** Uses the launcher's JVM flags. */
    private static List<String> command(Setup setup, List<Integer> ports) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Xms512m",
                "-Xmx2g",
                "-XX:+UseParallelGC"));
        if (Runtime.version().feature() >= 24) {
            command.add("--sun-misc-unsafe-memory-access=allow");
        }
        setup.settings().forEach((key, value) -> command.add("-D" + key + "=" + value));
        command.addAll(List.of("-jar", PACKAGE.toString(), "up"));
        List<String> names = List.of("--port", "--management-port", "--kafka-port");
        for (int i = 0; i < names.size(); i++) {
            command.add(names.get(i));
            command.add(ports.get(i).toString());
        }
        command.add(setup.redis().isPresent() ? "--redis" : "--redis-port");
        command.add(setup.redis().orElse(ports.get(names.size()).toString()));
        return command;
    }

    /** Returns the resident memory of the service, including its broker, in bytes. */
    long residentBytes() throws IOException {
        return status("VmRSS:") * 1024;
    }

    /** The most resident memory that it has had, in bytes. */
    long mostResidentBytes() throws IOException {
        return status("VmHWM:") * 1024;
    }

    long threads() throws IOException {
        return status("Threads:");
    }

    /** The time that it has had on processors. */
    Duration cpu() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    private long status(String key) throws IOException {
        try (var lines = Files.lines(Path.of("/proc", Long.toString(process.pid()), "status"))) {
            return lines.filter(line -> line.startsWith(key))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElse(0);
        }
    }

    public Target target() {
        return target;
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** The file with what the service prints. */
    public Path log() {
        return log;
    }

    private void awaitReady(String path) throws IOException, InterruptedException {
        URI ready = target.http().resolve(path);
        long startNanos = System.nanoTime();
        try (HttpClient client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
            while (!isReady(client, ready)) {
                if (process.waitFor(100, TimeUnit.MILLISECONDS)) {
                    throw new EndedException("the service exited with status " + process.exitValue() + "; see " + log);
                }
                if (System.nanoTime() - startNanos > START_LIMIT.toNanos()) {
                    throw new IOException(ready + " must return 200 within " + START_LIMIT + "; see " + log);
                }
            }
        }
    }

    private static boolean isReady(HttpClient client, URI ready) throws InterruptedException {
        try {
            HttpRequest request =
                    HttpRequest.newBuilder(ready).timeout(Duration.ofSeconds(2)).build();
            return client.send(request, BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException e) {
            return false;
        }
    }

    /** Finds free ports. All are held open until the last is found, so that they differ. */
    private static List<Integer> freePorts(int count) throws IOException {
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

    /** Sends SIGTERM, then SIGKILL if the service does not stop. */
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
