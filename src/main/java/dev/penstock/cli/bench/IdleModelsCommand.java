package dev.penstock.cli.bench;

import dev.penstock.cli.option.InRange;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./penstock bench models}. */
@Command(
        name = "models",
        description = "Serves a growing number of models, and measures what a model costs that nobody calls.",
        footer = {"", "Writes target/bench/models.json."})
public non-sealed interface IdleModelsCommand extends BenchCommand {
    @Option(
            names = "--counts",
            paramLabel = "N",
            split = ",",
            defaultValue = "1,100",
            description = "Numbers of models. Each has a service of its own.")
    @InRange(min = 1, max = 1000)
    List<Integer> counts();

    @Option(
            names = "--kib",
            paramLabel = "KIB",
            defaultValue = "3500",
            description = "The size of each model's file, in KiB.")
    @InRange(min = 10, max = 100_000)
    int kib();

    @Option(
            names = "--settle",
            paramLabel = "SECONDS",
            defaultValue = "30",
            description = "Seconds between the start and the measurement of an idle service.")
    @InRange(min = 0, max = 3600)
    int settleSeconds();

    @Option(
            names = "--seconds",
            paramLabel = "SECONDS",
            defaultValue = "60",
            description = "Seconds of that measurement.")
    @InRange(min = 1, max = 3600)
    int seconds();
}
