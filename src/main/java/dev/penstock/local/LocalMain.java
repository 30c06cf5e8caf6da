package dev.penstock.local;

import dev.penstock.cli.Penstock;
import dev.penstock.cli.command.DeadLettersCommand;
import dev.penstock.cli.command.KafkaCommand;
import dev.penstock.cli.command.TrainCommand;
import dev.penstock.cli.command.UpCommand;
import dev.penstock.deadletters.DeadLettersTool;
import dev.penstock.process.ProcessEnd;
import io.quarkus.runtime.ApplicationLifecycleManager;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
import io.quarkus.runtime.annotations.QuarkusMain;
import io.quarkus.runtime.logging.LoggingSetupRecorder;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.eclipse.microprofile.config.ConfigProvider;

/** {@code penstock up} and its kind: the service with all that it needs, in one JVM, until Ctrl-C. */
@QuarkusMain(name = "local")
public final class LocalMain {

    private static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(60);
    private static final String CONSOLE = "penstock.console.enabled";
    private static final String WARM_UP = "penstock.warm-up.when";

    /** After 100 s of training, the first 15 s of load had no higher rate than after 15 s. */
    static final String TRAINING_AT_MOST = "30s";

    static final String TRAINING_CALLS = "1000000";

    /** Opens when the service has drained and stopped: only then may Redis and the broker go. */
    private static final CountDownLatch SERVICE_STOPPED = new CountDownLatch(1);

    LocalMain() {}

    public static void main(String... arguments) {
        // Until the service sets up the log, all that passes is kept in memory, and traces would push out what matters.
        Logger.getLogger("").setLevel(Level.INFO);
        ProcessEnd.keepStopsOutOfTheLog();
        System.exit(Penstock.run(LocalMain::run, arguments));
    }

    /** @return the exit code */
    private static int run(Object command) throws IOException, InterruptedException {
        try {
            return switch (command) {
                case UpCommand up -> up(LocalOptions.of(up));
                case KafkaCommand kafka -> kafka(LocalOptions.parts(kafka));
                case TrainCommand train -> train(train);
                case DeadLettersCommand letters -> new DeadLettersTool().run(letters);
                default ->
                    throw new CannotStartException(
                            "the package takes the commands up, kafka, train and dead-letters only");
            };
        } catch (CannotStartException e) {
            System.err.println("penstock: " + e.getMessage());
            return 1;
        }
    }

    private static int up(LocalOptions options) {
        if (options.role() != LocalOptions.Role.INGRESS && options.servesFolder()) {
            ModelsFolder.require(modelsOf(options), allowsNoModels());
        }
        requireFree(options.parts());
        Ports.requireFree(options.managementPort(), "--management-port");
        if (options.isIngress()) {
            Ports.requireFree(options.port(), "--port");
        }
        Optional<TelecomCustomers> customers = customers(options);
        // Beside the broker, which takes longer: it costs the start nothing.
        customers.ifPresent(
                each -> Thread.ofPlatform().name("telecom-customers").daemon().start(each::load));
        return serve(options, start(options.parts()), customers);
    }

    private static int kafka(LocalStack.Parts parts) throws InterruptedException {
        requireFree(parts);
        return waitForCtrlC(start(parts));
    }

    private static int train(TrainCommand command) throws IOException, InterruptedException {
        LoggingSetupRecorder.handleFailedStart(); // without a service nobody else sets up the log
        new PackageTraining(command.file(), command.command()).run();
        return 0;
    }

    private static LocalStack start(LocalStack.Parts parts) {
        String what = parts.names();
        if (!what.isEmpty()) {
            System.err.println("penstock: starting " + what);
        }
        LocalStack stack = LocalStack.start(parts);
        if (!what.isEmpty()) {
            System.err.printf(
                    Locale.ROOT,
                    "penstock: %s can be used after %.1f s%n",
                    what,
                    ManagementFactory.getRuntimeMXBean().getUptime() / 1e3);
        }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stopAfterTheService(stack), "local-stack-stop"));
        return stack;
    }

    private static void requireFree(LocalStack.Parts parts) {
        parts.kafkaPort().ifPresent(port -> Ports.requireFree(port, "--kafka-port"));
        parts.redisPort().ifPresent(port -> Ports.requireFree(port, "--redis-port"));
    }

    /** The service, of which the roles still start; prints what is where once they serve, and waits for the end. */
    public static final class Service implements QuarkusApplication {

        /** @param arguments {@link Addresses} */
        @Override
        public int run(String... arguments) {
            Addresses addresses = Addresses.ofArguments(arguments);
            Thread.ofPlatform().name("welcome").daemon().start(() -> welcome(addresses));
            Quarkus.waitForExit();
            return 0;
        }
    }

    /** The service, which ends once it is warm. Where the JVM keeps what it has learnt, it does so then. */
    public static final class Training implements QuarkusApplication {

        /** @param arguments {@link Addresses} */
        @Override
        public int run(String... arguments) {
            Addresses addresses = Addresses.ofArguments(arguments);
            Thread.ofPlatform().name("training").daemon().start(() -> endOnceWarm(addresses));
            Quarkus.waitForExit();
            return 0;
        }
    }

    private static void endOnceWarm(Addresses addresses) {
        try (FirstLook look = new FirstLook(addresses)) {
            look.awaitReady();
            System.err.println("penstock: the service is warm, and ends");
            Quarkus.asyncExit();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private static void welcome(Addresses addresses) {
        try (FirstLook look = new FirstLook(addresses)) {
            look.awaitReady();
            System.out.println(Welcome.toService(
                    ManagementFactory.getRuntimeMXBean().getUptime(),
                    addresses,
                    ConfigProvider.getConfig()
                            .getOptionalValue(CONSOLE, Boolean.class)
                            .orElse(false),
                    look.examples()));
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private static int serve(LocalOptions options, LocalStack stack, Optional<TelecomCustomers> customers) {
        String kafka = options.kafka().orElseGet(stack::bootstrapServers);
        Optional<String> redis = options.redis().or(() -> stack.redis().map(EmbeddedRedis::url));
        System.setProperty("penstock.kafka.bootstrap-servers", kafka);
        redis.ifPresent(url -> System.setProperty("penstock.redis.url", url));
        System.setProperty("penstock.roles", options.roles());
        options.models().ifPresent(folder -> System.setProperty("penstock.worker.models", folder.toString()));
        options.centre()
                .ifPresent(centre -> System.setProperty(
                        "penstock.worker.centres", centre.url().toString()));
        options.region().ifPresent(name -> System.setProperty("penstock.region", name));
        customers.ifPresent(each -> each.source().forEach(System::setProperty));
        if (options.isTraining()) {
            System.setProperty(WARM_UP, "before-ready");
            unlessSet("penstock.warm-up.at-most", TRAINING_AT_MOST);
            unlessSet("penstock.warm-up.calls", TRAINING_CALLS);
        } else {
            unlessSet(WARM_UP, "after-ready");
        }
        System.setProperty("quarkus.management.host", "127.0.0.1");
        System.setProperty("quarkus.management.port", String.valueOf(options.managementPort()));
        if (options.isIngress()) {
            System.setProperty("quarkus.http.host", "127.0.0.1");
            System.setProperty("quarkus.http.port", String.valueOf(options.port()));
            unlessSet(CONSOLE, "true");
        } else {
            System.setProperty("quarkus.http.host-enabled", "false");
        }

        AtomicInteger exitCode = new AtomicInteger();
        // The standard handler would exit from within run, and the stack's stop wait for a run that cannot end.
        BiConsumer<Integer, Throwable> remember = (code, cause) -> exitCode.set(ProcessEnd.code(code, cause));
        ApplicationLifecycleManager.setDefaultExitCodeHandler(remember);
        try (LocalFolder ofCentre = LocalFolder.temporary("penstock-centre")) {
            if (!options.servesFolder()) {
                serveModelsOfTheCentre(options.centre().orElseThrow(), ofCentre);
            }
            Quarkus.run(
                    options.isTraining() ? Training.class : Service.class,
                    Addresses.of(options, kafka, redis).toArguments());
        } finally {
            SERVICE_STOPPED.countDown();
        }
        return exitCode.get();
    }

    private static void serveModelsOfTheCentre(LocalOptions.Centre centre, LocalFolder folder) {
        List<String> names = CentreModels.write(centre.url(), centre.keyFile(), folder);
        System.err.println("penstock: the centre " + centre.url() + " runs " + String.join(", ", names));
        System.setProperty("penstock.worker.models", folder.path().toString());
    }

    /** What suits one machine and its user. An option of the JVM or the environment may say otherwise. */
    private static void unlessSet(String key, String value) {
        String variable = key.replace('.', '_').replace('-', '_').toUpperCase(Locale.ROOT);
        if (System.getenv(variable) == null && System.getProperty(key) == null) {
            System.setProperty(key, value);
        }
    }

    private static int waitForCtrlC(LocalStack stack) throws InterruptedException {
        SERVICE_STOPPED.countDown();
        // Without a service nobody else sets up the log, and the broker's warnings would wait for it.
        LoggingSetupRecorder.handleFailedStart();
        System.out.println(Welcome.toStack(stack.bootstrapServers(), stack.redisUrl()));
        Thread.currentThread().join();
        return 0;
    }

    /** Empty unless this process serves the sample model that needs them. */
    private static Optional<TelecomCustomers> customers(LocalOptions options) {
        if (options.role() == LocalOptions.Role.INGRESS || !options.servesFolder()) {
            return Optional.empty();
        }
        return TelecomCustomers.of(modelsOf(options));
    }

    private static Path modelsOf(LocalOptions options) {
        return options.models()
                .orElseGet(() -> Path.of(System.getenv().getOrDefault("PENSTOCK_WORKER_MODELS", "models")));
    }

    private static boolean allowsNoModels() {
        return Boolean.getBoolean("penstock.worker.allow-empty")
                || Boolean.parseBoolean(System.getenv("PENSTOCK_WORKER_ALLOW_EMPTY"));
    }

    private static void stopAfterTheService(LocalStack stack) {
        try {
            if (!SERVICE_STOPPED.await(DRAIN_TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
                System.err.println("penstock: the service has not stopped within %s; stopping its broker and Redis"
                        .formatted(DRAIN_TIMEOUT));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        stack.close();
    }
}
