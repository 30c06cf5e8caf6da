package dev.penstock.cli.bench;

import dev.penstock.cli.option.InRange;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./penstock bench overload}. */
@Command(
        name = "overload",
        description = "Offers a slow model more load than it can do, and measures what admission does.",
        footer = {"", "Writes target/bench/overload.json and overload.svg."})
public non-sealed interface OverloadCommand extends BenchCommand {
    @Option(
            names = "--turns",
            paramLabel = "N",
            defaultValue = "8000",
            description = "Turns of the model's loop, some microseconds each.")
    @InRange(min = 1, max = 1_000_000)
    int turns();

    @Option(
            names = "--factors",
            paramLabel = "N",
            split = ",",
            defaultValue = "2,10",
            description = "Offered loads, as multiples of the peak.")
    @InRange(min = 1, max = 100)
    List<Integer> factors();

    @Option(
            names = "--deadline",
            paramLabel = "MILLIS",
            defaultValue = "1000",
            description = "Milliseconds until the deadline of a call.")
    @InRange(min = 1, max = 600_000)
    int deadline();

    @Option(
            names = "--seconds",
            paramLabel = "SECONDS",
            defaultValue = "60",
            description = "Seconds of each overload. The peak is measured for half as long.")
    @InRange(min = 1, max = 3600)
    int seconds();

    @Option(
            names = "--warm-up",
            paramLabel = "SECONDS",
            defaultValue = "30",
            description = "Seconds of load before the first measurement.")
    @InRange(min = 1, max = 3600)
    int warmUp();
}
