package dev.penstock.cli.bench;

import dev.penstock.cli.option.InRange;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./penstock bench features-trouble}. */
@Command(
        name = "features-trouble",
        description = "Measures calls while Redis is frozen, stopped, full, flushed and restarted.",
        footer = {"", "Writes target/bench/features-trouble.json and features-trouble.svg."})
public non-sealed interface FeaturesTroubleCommand extends BenchCommand {
    @Option(names = "--entities", paramLabel = "N", defaultValue = "100000", description = "Entities to draw from.")
    @InRange(min = 1, max = 10_000_000)
    int entities();

    @Option(
            names = "--l1",
            paramLabel = "N",
            defaultValue = "10000",
            description = "Entities that the cache in the process holds.")
    @InRange(min = 1, max = 10_000_000)
    int l1();

    @Option(
            names = "--source-ms",
            paramLabel = "MILLIS",
            defaultValue = "80",
            description = "Milliseconds that the source takes for a call.")
    @InRange(min = 0, max = 10_000)
    int sourceMillis();

    @Option(
            names = "--warm-up-requests",
            paramLabel = "N",
            defaultValue = "3000000",
            description = "Lookups before the first measurement.")
    @InRange(min = 0, max = 1_000_000_000)
    int warmUpRequests();

    @Option(names = "--rate", paramLabel = "N", defaultValue = "2000", description = "Calls per second.")
    @InRange(min = 1, max = 1_000_000)
    int rate();
}
