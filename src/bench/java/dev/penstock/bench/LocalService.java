package dev.penstock.bench;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A complete Penstock with its own broker and Redis, in a separate JVM on free ports, as {@code ./penstock up} starts it. */
public final class LocalService implements AutoCloseable {
    private static final Path MODELS = Path.of("src/main/models");

    private final ChildProcess process;
    private final Target target;

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

    private LocalService(ChildProcess process, Target target) {
        this.process = process;
        this.target = target;
    }

    /** Starts the built package with the sample models, and waits until the named model is ready. */
    public static LocalService start(String model) throws IOException, InterruptedException {
        String folder = System.getenv().getOrDefault("PENSTOCK_WORKER_MODELS", MODELS.toString());
        return start(Setup.of(Path.of(folder), List.of(model)));
    }

    /** Starts the built package, and waits until it is ready. */
    public static LocalService start(Setup setup) throws IOException, InterruptedException {
        List<Integer> ports = ChildProcess.freePorts(4);
        ChildProcess process = ChildProcess.start(
                ChildProcess.PACKAGE,
                List.of(),
                setup.settings(),
                Map.of("PENSTOCK_WORKER_MODELS", setup.models().toAbsolutePath().toString()),
                arguments(setup, ports),
                setup.log());
        Target target = new Target(
                URI.create("http://127.0.0.1:" + ports.get(0)),
                URI.create("http://127.0.0.1:" + ports.get(1)),
                "127.0.0.1:" + ports.get(2));
        LocalService service = new LocalService(process, target);
        try {
            for (String path : setup.ready()) {
                process.awaitReady(target.http().resolve(path));
            }
            return service;
        } catch (IOException | InterruptedException | RuntimeException e) {
            service.close();
            throw e;
        }
    }

    private static List<String> arguments(Setup setup, List<Integer> ports) {
        List<String> arguments = new ArrayList<>(List.of("up"));
        List<String> names = List.of("--port", "--management-port", "--kafka-port");
        for (int i = 0; i < names.size(); i++) {
            arguments.add(names.get(i));
            arguments.add(ports.get(i).toString());
        }
        arguments.add(setup.redis().isPresent() ? "--redis" : "--redis-port");
        arguments.add(setup.redis().orElse(ports.get(names.size()).toString()));
        return arguments;
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
        return process.handle().info().totalCpuDuration().orElse(Duration.ZERO);
    }

    private long status(String key) throws IOException {
        try (var lines =
                Files.lines(Path.of("/proc", Long.toString(process.handle().pid()), "status"))) {
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
        return process.log();
    }

    @Override
    public void close() {
        process.close();
    }
}
