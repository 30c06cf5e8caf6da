package dev.penstock.cli.command;

import dev.penstock.cli.option.InRange;
import dev.penstock.cli.option.Matches;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ./penstock dead-letters}: lists a model's dead letters, shows one, and replays them. */
public sealed interface DeadLettersCommand {
    /** The regular expression of a letter's name: the partition and the offset of its record. */
    String LETTER = "[0-9]{1,9}/[0-9]{1,18}";

    String model();

    String kafka();

    Optional<Path> kafkaConfig();

    boolean json();

    /** {@code ./penstock dead-letters list}. */
    @Command(
            name = "list",
            description = "Lists the dead letters of a model, the newest last.",
            footer = {"", "docs/dead-letters.md describes the columns."})
    non-sealed interface ListLetters extends DeadLettersCommand {
        @Override
        @Option(names = "--model", paramLabel = "MODEL", required = true, description = "The model.")
        String model();

        @Override
        @Option(
                names = "--kafka",
                paramLabel = "HOST:PORT",
                defaultValue = "127.0.0.1:9092",
                description = "The brokers, with commas between.")
        String kafka();

        @Override
        @Option(
                names = "--kafka-config",
                paramLabel = "FILE",
                description = "Properties of Kafka clients, for TLS and a login.")
        Optional<Path> kafkaConfig();

        @Override
        @Option(names = "--json", description = "Prints a JSON object per line.")
        boolean json();

        @Option(names = "--limit", paramLabel = "N", defaultValue = "100", description = "Lists the newest N only.")
        @InRange(min = 1, max = 1_000_000)
        int limit();
    }

    /** {@code ./penstock dead-letters show}. */
    @Command(
            name = "show",
            description = "Shows a dead letter: its headers and its value, as they came.",
            footer = {"", "Exits with 1 if there is no such letter."})
    non-sealed interface Show extends DeadLettersCommand {
        @Override
        @Option(names = "--model", paramLabel = "MODEL", required = true, description = "The model.")
        String model();

        @Override
        @Option(
                names = "--kafka",
                paramLabel = "HOST:PORT",
                defaultValue = "127.0.0.1:9092",
                description = "The brokers, with commas between.")
        String kafka();

        @Override
        @Option(
                names = "--kafka-config",
                paramLabel = "FILE",
                description = "Properties of Kafka clients, for TLS and a login.")
        Optional<Path> kafkaConfig();

        @Override
        @Option(names = "--json", description = "Prints a JSON object, with bytes in base64.")
        boolean json();

        @Option(
                names = "--value-to",
                paramLabel = "FILE",
                description = "Also writes the bytes of the value to this file.")
        Optional<Path> valueTo();

        @Parameters(paramLabel = "LETTER", description = "The letter, as list names it.")
        @Matches(regex = LETTER, form = "PARTITION/OFFSET")
        String letter();
    }

    /** {@code ./penstock dead-letters replay}. */
    @Command(
            name = "replay",
            description = {
                "Publishes dead letters again as requests, each at most once, however often this is called.",
                "Their time to run counts from now: a deadline in a header is removed, and a timeout begins again.",
            },
            footer = {"", "Exits with 1 if a letter could not be replayed."})
    non-sealed interface Replay extends DeadLettersCommand {
        @Override
        @Option(names = "--model", paramLabel = "MODEL", required = true, description = "The model.")
        String model();

        @Override
        @Option(
                names = "--kafka",
                paramLabel = "HOST:PORT",
                defaultValue = "127.0.0.1:9092",
                description = "The brokers, with commas between.")
        String kafka();

        @Override
        @Option(
                names = "--kafka-config",
                paramLabel = "FILE",
                description = "Properties of Kafka clients, for TLS and a login.")
        Optional<Path> kafkaConfig();

        @Override
        @Option(names = "--json", description = "Prints a JSON object per letter.")
        boolean json();

        @Option(
                names = "--to",
                paramLabel = "TOPIC",
                description = "Publishes to this topic. Without it, each letter goes to the topic that it came from.")
        Optional<String> to();

        @Option(
                names = "--timeout",
                paramLabel = "MILLIS",
                description =
                        "Milliseconds that each request has from now. Without it, the timeout of its headers or of the model counts.")
        @InRange(min = 1, max = Integer.MAX_VALUE)
        Optional<Integer> timeoutMillis();

        @Option(names = "--all", description = "Replays all letters that were not replayed yet.")
        boolean all();

        @Parameters(arity = "0..*", paramLabel = "LETTER", description = "Letters, as list names them.")
        @Matches(regex = LETTER, form = "PARTITION/OFFSET")
        List<String> letters();
    }
}
