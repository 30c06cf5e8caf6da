package dev.penstock.cli.command;

import dev.penstock.cli.option.InRange;
import dev.penstock.cli.option.Matches;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./penstock ledger}. */
@Command(
        name = "ledger",
        description = {
            "Checks under load that each accepted request reaches exactly one outcome, which never changes.",
            "Sends requests by synchronous calls, by asynchronous calls, and with --kafka by records, and prints a verdict.",
        },
        footer = {
            "",
            "Exits with 1 if the promise was broken, or if too little was seen. docs/ledger.md describes the verdict."
        })
public interface LedgerCommand {
    @Option(
            names = "--url",
            paramLabel = "URL",
            split = ",",
            defaultValue = "http://127.0.0.1:8080",
            description = "The ingresses. Calls and polls alternate between them.")
    @Matches(regex = "https?://[^/:]+(:[0-9]{1,5})?", form = "http://HOST:PORT or https://HOST:PORT")
    List<URI> urls();

    @Option(
            names = "--kafka",
            paramLabel = "HOST:PORT",
            description = "The brokers, with commas between. Without it, no records are sent.")
    Optional<String> kafka();

    @Option(
            names = "--kafka-config",
            paramLabel = "FILE",
            description = "Properties of Kafka clients, for TLS and a login.")
    Optional<Path> kafkaConfig();

    @Option(
            names = "--rate",
            paramLabel = "N",
            defaultValue = "100",
            description = "Requests per second, all ways together.")
    @InRange(min = 1, max = 10_000)
    int rate();

    @Option(names = "--minutes", paramLabel = "MINUTES", defaultValue = "1", description = "Minutes of load.")
    @InRange(min = 0, max = 10_000)
    double minutes();

    @Option(
            names = "--model",
            paramLabel = "MODEL",
            defaultValue = "digits",
            description = "The model. Its inputs must be numbers or BOOL.")
    String model();

    @Option(
            names = "--deadline",
            paramLabel = "MILLIS",
            defaultValue = "30000",
            description = "Milliseconds until the deadline of each request.")
    @InRange(min = 100, max = 3_600_000)
    int deadlineMillis();

    @Option(
            names = "--grace",
            paramLabel = "SECONDS",
            defaultValue = "30",
            description = "Seconds after a deadline until a request without an outcome is lost.")
    @InRange(min = 0, max = 3600)
    int graceSeconds();

    @Option(names = "--api-key", paramLabel = "KEY", description = "The credential of all calls.")
    Optional<String> apiKey();

    @Option(
            names = "--other-api-key",
            paramLabel = "KEY",
            description = "The credential of another tenant, for which all requests must be unknown.")
    Optional<String> otherApiKey();

    @Option(
            names = "--reply-topic",
            paramLabel = "TOPIC",
            description =
                    "An existing topic for replies. Without it, the command creates one and deletes it at its end.")
    Optional<String> replyTopic();

    @Option(names = "--poll-answered", description = "Also polls the ids of synchronous calls that were answered.")
    boolean pollsAnswered();
}
