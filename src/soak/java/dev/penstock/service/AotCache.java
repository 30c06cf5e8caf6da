package dev.penstock.service;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The package's classes, loaded, linked and profiled ahead of time (JEP 483, 515). A role that starts with it takes about half of the CPU time.
 * Tests and soaks start dozens, so that the first of them records one.
 */
final class AotCache {
    private static final int OLDEST_JDK = 25;
    private static final long PATIENCE_S = 180;

    private static Optional<List<String>> option = Optional.empty();

    private AotCache() {}

    /**
     * Records the cache if it is missing or older than the package; other processes wait.
     *
     * @param application the folder of the package
     * @return the JVM's options; empty where the JVM has no such cache
     */
    static synchronized List<String> option(Path application) throws IOException {
        if (option.isEmpty()) {
            option = Optional.of(
                    Runtime.version().feature() < OLDEST_JDK
                            ? List.of()
                            // What the JVM cannot use of the cache is no output of the process.
                            : List.of("-XX:AOTCache=" + fresh(application), "-Xlog:aot*=error"));
        }
        return option.get();
    }

    private static Path fresh(Path application) throws IOException {
        Path cache = application.resolveSibling("penstock.aot");
        Path jar = application.resolve("quarkus-run.jar");
        try (FileChannel lock = FileChannel.open(
                application.resolveSibling("penstock.aot.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            lock.lock();
            if (!Files.exists(cache)
                    || Files.getLastModifiedTime(cache).compareTo(Files.getLastModifiedTime(jar)) < 0) {
                record(cache);
            }
        }
        return cache;
    }

    /** Without a cache the roles start all the same, so that a failure is only told. */
    private static void record(Path cache) throws IOException {
        Files.deleteIfExists(cache);
        Path log = Files.createTempFile("penstock-aot-", ".log");
        ProcessBuilder builder = new ProcessBuilder(RoleProcess.command(
                        List.of("-XX:AOTCacheOutput=" + cache),
                        List.of(
                                "up",
                                "--train",
                                "--port",
                                port(),
                                "--management-port",
                                port(),
                                "--kafka-port",
                                port(),
                                "--redis-port",
                                port())))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment().putAll(RoleProcess.ENVIRONMENT);
        builder.environment().put("PENSTOCK_WARM_UP_AT_MOST", "1s");
        Process training = builder.start();
        try {
            if (!training.waitFor(PATIENCE_S, TimeUnit.SECONDS) || !Files.exists(cache)) {
                System.err.println("no AOT cache was recorded; see " + log);
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        } finally {
            training.destroyForcibly();
        }
    }

    private static String port() throws IOException {
        return Integer.toString(RoleProcess.freePort());
    }
}
