package dev.penstock.cli.bench;

import dev.penstock.cli.option.InRange;
import dev.penstock.cli.option.Matches;
import dev.penstock.cli.option.OneOf;
import java.net.URI;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./penstock bench doors}. */
@Command(
        name = "doors",
        description = "Sends requests by synchronous calls, by submissions and through Kafka, and checks each answer.",
        footer = {"", "Writes target/bench/doors.json."})
public non-sealed interface DoorsCommand extends BenchCommand {
    @Option(
            names = "--url",
            paramLabel = "URL",
            description = "Measures the service at this address. Without it, starts a service of its own.")
    @Matches(regex = "http://[^/:]+:[0-9]{1,5}", form = "http://HOST:PORT")
    Optional<URI> url();

    @Option(
            names = "--management",
            paramLabel = "URL",
            defaultValue = "http://127.0.0.1:9000",
            description = "With --url: the address of health and metrics.")
    @Matches(regex = "http://[^/:]+:[0-9]{1,5}", form = "http://HOST:PORT")
    URI management();

    @Option(
            names = "--kafka",
            paramLabel = "HOST:PORT",
            defaultValue = "127.0.0.1:9092",
            description = "With --url: the broker.")
    String kafka();

    @Option(
            names = "--model",
            paramLabel = "MODEL",
            defaultValue = "digits",
            description = "The model to call. Only digits has known answers.")
    @OneOf("digits")
    String model();

    @Option(names = "--requests", paramLabel = "N", defaultValue = "10000", description = "Requests for each way in.")
    @InRange(min = 1, max = 100_000_000)
    int requests();

    @Option(
            names = "--outstanding",
            paramLabel = "N",
            defaultValue = "64",
            description = "Requests in flight at a time.")
    @InRange(min = 1, max = 10_000)
    int outstanding();

    @Option(
            names = "--reply-topic",
            paramLabel = "TOPIC",
            defaultValue = "penstock.replies.demo",
            description = "The topic for the answers to Kafka requests.")
    String replyTopic();
}
