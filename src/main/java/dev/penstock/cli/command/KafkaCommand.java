package dev.penstock.cli.command;

import dev.penstock.cli.option.InRange;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./penstock kafka}. */
@Command(
        name = "kafka",
        description = "Starts a Kafka broker and a Redis without the service, for development.",
        footer = {"", "Builds the package first if needed. Ctrl-C or SIGTERM stops both."})
public interface KafkaCommand {
    @Option(names = "--kafka-port", paramLabel = "PORT", defaultValue = "9092", description = "The port of the broker.")
    @InRange(min = 1, max = 65_535)
    int kafkaPort();

    @Option(names = "--redis-port", paramLabel = "PORT", defaultValue = "6379", description = "The port of Redis.")
    @InRange(min = 1, max = 65_535)
    int redisPort();

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            description = "Keeps the data of both in this folder. Without it, the data ends with the process.")
    Optional<Path> dataDir();
}
