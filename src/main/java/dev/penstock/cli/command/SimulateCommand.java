package dev.penstock.cli.command;

import dev.penstock.cli.option.InRange;
import dev.penstock.cli.option.OneOf;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./penstock simulate}. */
@Command(
        name = "simulate",
        description = {
            "Runs workers on a virtual clock.",
            "With --rate, computes what workers can do with such arrivals.",
            "With --seed alone, replays what the test suite runs under that seed.",
            "With --grid, compares the batching policy with fixed sizes and delays.",
            "With --faults, strikes workers, brokers and the ways between them, and checks that nothing is lost, doubled or changed.",
        },
        footer = {"", "Writes target/simulate/TRACE.svg or target/simulate/seed-N.svg."})
public interface SimulateCommand {
    @Option(names = "--grid", description = "Compares policies. Takes no other option.")
    boolean grid();

    @Option(
            names = "--faults",
            description = "Simulates faults. With --seed alone, prints what happens under that seed, line by line.")
    boolean faults();

    @Option(
            names = "--seeds",
            paramLabel = "N",
            description = "With --faults, the number of seeds to run, from --seed or 1 on.")
    @InRange(min = 1, max = 999_999_999)
    Optional<Long> seeds();

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "The seed to replay, or with --rate the seed of the arrivals. The default with --rate is 1.")
    @InRange(min = 0, max = 999_999_999)
    Optional<Long> seed();

    @Option(names = "--rate", paramLabel = "ROWS", description = "Rows that arrive per second.")
    @InRange(min = 0, max = 999_999_999)
    Optional<Double> rate();

    @Option(
            names = "--trace",
            paramLabel = "TRACE",
            defaultValue = "poisson",
            description = "The arrivals: poisson, burst, diurnal, or heavy (few requests have most rows).")
    @OneOf({"poisson", "burst", "diurnal", "heavy"})
    String trace();

    @Option(
            names = "--cost",
            paramLabel = "MICROS",
            split = ",",
            defaultValue = "1000,60",
            description = "Microseconds that a run takes, and microseconds for each row in it.")
    @InRange(min = 0, max = 999_999_999)
    List<Double> costMicros();

    @Option(names = "--workers", paramLabel = "N", defaultValue = "1", description = "The number of workers.")
    @InRange(min = 1, max = 1000)
    int workers();

    @Option(names = "--batch", paramLabel = "ROWS", defaultValue = "64", description = "The largest batch.")
    @InRange(min = 1, max = 1_000_000)
    int batch();

    @Option(
            names = "--deadline",
            paramLabel = "MILLIS",
            defaultValue = "10000",
            description = "Milliseconds until the latest deadline of a request.")
    @InRange(min = 0, max = 999_999_999)
    double deadlineMillis();

    @Option(
            names = "--bulk",
            paramLabel = "PERCENT",
            defaultValue = "0",
            description = "The percentage of requests with the priority bulk.")
    @InRange(min = 0, max = 100)
    double bulkPercent();

    @Option(names = "--requests", paramLabel = "N", defaultValue = "20000", description = "The number of requests.")
    @InRange(min = 1, max = 999_999_999)
    int requests();
}
