package dev.penstock.cli.bench;

import dev.penstock.cli.option.InRange;
import dev.penstock.cli.option.OneOf;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./penstock bench tuning}. */
@Command(
        name = "tuning",
        description = "Compares the default settings with a grid of fixed batch sizes and delays.",
        footer = {"", "Writes target/bench/tuning.json."})
public non-sealed interface TuningCommand extends BenchCommand {
    @Option(
            names = "--models",
            paramLabel = "MODEL",
            split = ",",
            defaultValue = "digits,mlp-19mb,minilm-16",
            description =
                    "The models to measure. mlp-1gb is for GPUs; minilm-16 and minilm-64 need ./penstock models fetch minilm.")
    @OneOf({"digits", "mlp-19mb", "mlp-70mb", "mlp-1gb", "minilm-16", "minilm-64"})
    List<String> models();

    @Option(
            names = "--sizes",
            paramLabel = "ROWS",
            split = ",",
            defaultValue = "1,8,32,64",
            description = "Batch sizes of the grid.")
    @InRange(min = 1, max = 1024)
    List<Integer> sizes();

    @Option(
            names = "--delays",
            paramLabel = "MILLIS",
            split = ",",
            defaultValue = "0,2,10",
            description = "Delays of the grid, in milliseconds.")
    @InRange(min = 0, max = 10_000)
    List<Integer> delays();

    @Option(
            names = "--percents",
            paramLabel = "PERCENT",
            split = ",",
            defaultValue = "10,50,95",
            description = "Offered load of the open loops, as a percentage of the capacity.")
    @InRange(min = 1, max = 100)
    List<Integer> percents();

    @Option(
            names = "--seconds",
            paramLabel = "SECONDS",
            defaultValue = "2",
            description = "Seconds of each measurement.")
    @InRange(min = 1, max = 3600)
    int seconds();

    @Option(
            names = "--warm-up",
            paramLabel = "SECONDS",
            defaultValue = "20",
            description = "Seconds of load before the first measurement.")
    @InRange(min = 0, max = 3600)
    int warmUp();

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "1",
            description = "Rounds of the grid, to find its best cell.")
    @InRange(min = 1, max = 100)
    int rounds();

    @Option(
            names = "--finals",
            paramLabel = "N",
            defaultValue = "5",
            description = "Rounds of the default settings against the best cell.")
    @InRange(min = 1, max = 100)
    int finals();
}
