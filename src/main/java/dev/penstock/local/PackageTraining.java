package dev.penstock.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A service that runs until it is warm, so that its JVM keeps what it has learnt in an AOT cache (JEP 483, JEP 515). A Kafka and a Redis
 * run beside it. It takes both roles, and no models: it warms up by its own.
 */
final class PackageTraining {
    private static final int READY_LOOK_MILLIS = 100;

    /** The JVM writes the cache after its end, by a process of its own. */
    private static final int END_LIMIT_MINUTES = 5;

    private static final int STOP_LIMIT_SECONDS = 10;

    private final Path file;
    private final List<String> command;

    /**
     * @param file takes the cache
     * @param command the JVM and its arguments
     */
    PackageTraining(Path file, List<String> command) {
        this.file = file.toAbsolutePath();
        this.command = command;
    }

    /** @throws CannotStartException when no cache was made, with the reason */
    void run() throws IOException, InterruptedException {
        Files.deleteIfExists(file);
        int management = Ports.resolve(Ports.ANY);
        System.err.println("penstock: starting Kafka and Redis");
        CountDownLatch stopped = new CountDownLatch(1);
        try (LocalStack stack = LocalStack.start();
                LocalFolder models = LocalFolder.temporary("penstock-training")) {
            Process service = start(stack, models, management);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> abandon(service, stopped), "training-stop"));
            try {
                awaitWarm(service, stack, management);
            } finally {
                service.destroy();
                end(service);
            }
        } finally {
            stopped.countDown();
        }
        if (!Files.exists(file)) {
            throw new CannotStartException("the JVM has left no " + file + "; see above");
        }
        System.err.println("penstock: later starts take it by -XX:AOTCache=" + file);
    }

    private Process start(LocalStack stack, LocalFolder models, int management) throws IOException {
        List<String> training = new ArrayList<>(command);
        training.addAll(1, List.of("-XX:AOTCacheOutput=" + file, "-Xlog:aot*=error"));
        ProcessBuilder builder = new ProcessBuilder(training).inheritIO();
        builder.environment()
                .putAll(Map.ofEntries(
                        Map.entry("PENSTOCK_ROLES", "ingress,worker"),
                        Map.entry("PENSTOCK_KAFKA_BOOTSTRAP_SERVERS", stack.bootstrapServers()),
                        Map.entry("PENSTOCK_REDIS_URL", stack.redisUrl()),
                        Map.entry("PENSTOCK_WORKER_MODELS", models.path().toString()),
                        Map.entry("PENSTOCK_WORKER_ALLOW_EMPTY", "true"),
                        Map.entry("PENSTOCK_TENANTS_ALLOW_ANONYMOUS", "true"),
                        Map.entry("PENSTOCK_WARM_UP_WHEN", "before-ready"),
                        Map.entry("QUARKUS_HTTP_HOST", "127.0.0.1"),
                        Map.entry("QUARKUS_HTTP_PORT", Integer.toString(Ports.resolve(Ports.ANY))),
                        Map.entry("QUARKUS_MANAGEMENT_HOST", "127.0.0.1"),
                        Map.entry("QUARKUS_MANAGEMENT_PORT", Integer.toString(management))));
        builder.environment().putIfAbsent("PENSTOCK_WARM_UP_AT_MOST", LocalMain.TRAINING_AT_MOST);
        builder.environment().putIfAbsent("PENSTOCK_WARM_UP_CALLS", LocalMain.TRAINING_CALLS);
        try {
            return builder.start();
        } catch (IOException noProgram) {
            throw new CannotStartException("cannot start " + command.getFirst() + ": " + noProgram.getMessage());
        }
    }

    private static void awaitWarm(Process service, LocalStack stack, int management) throws InterruptedException {
        Addresses addresses = new Addresses(
                "ingress,worker",
                Optional.empty(),
                "http://127.0.0.1:" + management,
                stack.bootstrapServers(),
                Optional.of(stack.redisUrl()));
        try (FirstLook look = new FirstLook(addresses)) {
            while (!look.isReady()) {
                if (service.waitFor(READY_LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                    throw new CannotStartException(
                            "the service ended with status " + service.exitValue() + " before it was warm; see above");
                }
            }
        }
        System.err.println("penstock: the service is warm, and ends");
    }

    /** At Ctrl-C nobody wants the cache. The thread that waits for the service stops its Kafka and its Redis. */
    private static void abandon(Process service, CountDownLatch stopped) {
        service.destroyForcibly();
        try {
            stopped.await(STOP_LIMIT_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void end(Process service) throws InterruptedException {
        if (!service.waitFor(END_LIMIT_MINUTES, TimeUnit.MINUTES)) {
            service.destroyForcibly();
            throw new CannotStartException("the service has not ended within " + END_LIMIT_MINUTES + " minutes");
        }
    }
}
