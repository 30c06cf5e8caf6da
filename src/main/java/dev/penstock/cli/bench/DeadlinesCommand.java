package dev.penstock.cli.bench;

import dev.penstock.cli.option.InRange;
import dev.penstock.cli.option.OneOf;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./penstock bench deadlines}. */
@Command(
        name = "deadlines",
        description = "Offers more load than the service can do, with a deadline, by REST and through Kafka.",
        footer = {"", "Writes target/bench/deadlines.json."})
public non-sealed interface DeadlinesCommand extends BenchCommand {
    @Option(names = "--model", paramLabel = "MODEL", defaultValue = "mlp-70mb", description = "The model to call.")
    @OneOf({"digits", "mlp-19mb", "mlp-70mb", "mlp-1gb", "minilm-16", "minilm-64"})
    String model();

    @Option(
            names = "--factor",
            paramLabel = "N",
            defaultValue = "2",
            description = "Offered load, as a multiple of the capacity.")
    @InRange(min = 1, max = 100)
    int factor();

    @Option(
            names = "--deadline",
            paramLabel = "MILLIS",
            defaultValue = "200",
            description = "Milliseconds until the deadline of a call.")
    @InRange(min = 1, max = 600_000)
    int deadline();

    @Option(
            names = "--seconds",
            paramLabel = "SECONDS",
            defaultValue = "10",
            description = "Seconds of each measurement.")
    @InRange(min = 1, max = 3600)
    int seconds();

    @Option(
            names = "--warm-up",
            paramLabel = "SECONDS",
            defaultValue = "20",
            description = "Seconds of load before the first measurement.")
    @InRange(min = 1, max = 3600)
    int warmUp();
}
