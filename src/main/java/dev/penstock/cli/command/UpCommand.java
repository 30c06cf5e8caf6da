package dev.penstock.cli.command;

import dev.penstock.cli.option.InRange;
import dev.penstock.cli.option.OneOf;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./penstock up}. */
@Command(
        name = "up",
        description = "Starts the service with a Kafka broker and a Redis of its own, and serves the sample models.",
        footer = {"", "Builds the package first if needed. Ctrl-C or SIGTERM stops everything in order."})
public interface UpCommand {
    @Option(
            names = "--role",
            paramLabel = "ROLE",
            defaultValue = "both",
            description = "The role that this process takes: ingress, worker or both.")
    @OneOf({"ingress", "worker", "both"})
    String role();

    @Option(names = "--port", paramLabel = "PORT", defaultValue = "8080", description = "The HTTP port for requests.")
    @InRange(min = 1, max = 65_535)
    int port();

    @Option(
            names = "--management-port",
            paramLabel = "PORT",
            defaultValue = "9000",
            description = "The HTTP port for health and metrics.")
    @InRange(min = 1, max = 65_535)
    int managementPort();

    @Option(
            names = "--kafka-port",
            paramLabel = "PORT",
            defaultValue = "9092",
            description = "The port of the broker that this command starts.")
    @InRange(min = 1, max = 65_535)
    int kafkaPort();

    @Option(
            names = "--redis-port",
            paramLabel = "PORT",
            defaultValue = "6379",
            description = "The port of the Redis that this command starts.")
    @InRange(min = 1, max = 65_535)
    int redisPort();

    @Option(
            names = "--kafka",
            paramLabel = "HOST:PORT",
            description = "Uses this broker. Without it, the command starts one.")
    Optional<String> kafka();

    @Option(
            names = "--redis",
            paramLabel = "URL",
            description = "Uses this Redis. Without it, the command starts one, except for the role worker.")
    Optional<String> redis();

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            description =
                    "Keeps the data of broker and Redis in this folder. Without it, the data ends with the process.")
    Optional<Path> dataDir();

    @Option(
            names = "--models",
            paramLabel = "DIR",
            description =
                    "Serves the models in this folder. Without it, the folder is $PENSTOCK_WORKER_MODELS, or the sample"
                            + " models where that is not set.")
    Optional<Path> models();

    @Option(
            names = "--centre",
            paramLabel = "URL",
            description =
                    "Makes this an edge: models may name this centre. Without --models, it serves all models of the"
                            + " centre, which runs them.")
    Optional<URI> centre();

    @Option(
            names = "--centre-key-file",
            paramLabel = "FILE",
            description = "The key that the centre knows this edge by, where it asks for one.")
    Optional<Path> centreKeyFile();

    @Option(names = "--region", paramLabel = "NAME", description = "Labels all metrics with this region.")
    Optional<String> region();

    @Option(
            names = "--train",
            description =
                    "Ends once the service is warm, and keeps what the JVM has learnt. Later starts of this build use it:"
                            + " they take less processor time, and are warm sooner. Takes a minute or two, and a JDK 25 or"
                            + " newer.")
    boolean isTraining();
}
