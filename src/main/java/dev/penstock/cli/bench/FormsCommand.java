package dev.penstock.cli.bench;

import dev.penstock.cli.option.InRange;
import dev.penstock.cli.option.OneOf;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./penstock bench forms}. */
@Command(
        name = "forms",
        description = "Compares JSON, the binary form and gRPC with raw contents, in turns on one service.",
        footer = {"", "Writes target/bench/forms.json."})
public non-sealed interface FormsCommand extends BenchCommand {
    @Option(
            names = "--model",
            paramLabel = "MODEL",
            defaultValue = "mlp-19mb",
            description = "The model. minilm-16 and minilm-64 need ./penstock models fetch minilm.")
    @OneOf({"digits", "mlp-19mb", "mlp-70mb", "mlp-1gb", "minilm-16", "minilm-64"})
    String model();

    @Option(names = "--callers", paramLabel = "N", defaultValue = "64", description = "Callers of the closed loop.")
    @InRange(min = 1, max = 10_000)
    int callers();

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
            defaultValue = "60",
            description = "Seconds of load before the first measurement, a third of them in each form.")
    @InRange(min = 0, max = 3600)
    int warmUp();

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "3",
            description = "Rounds of all measurements, one after the other.")
    @InRange(min = 1, max = 100)
    int rounds();
}
