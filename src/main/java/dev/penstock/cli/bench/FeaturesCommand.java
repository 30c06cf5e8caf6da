package dev.penstock.cli.bench;

import dev.penstock.cli.option.InRange;
import dev.penstock.cli.option.OneOf;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./penstock bench features}. */
@Command(
        name = "features",
        description = "Measures feature lookups with and without each cache: whole calls, and the lookups alone.",
        footer = {"", "Writes target/bench/features.json and features-*.svg."})
public non-sealed interface FeaturesCommand extends BenchCommand {
    @Option(
            names = "--variants",
            paramLabel = "VARIANT",
            split = ",",
            defaultValue = "raw-tensor,all-tiers,without-l1,without-redis,source-only",
            description = "The variants of the calls.")
    @OneOf({"raw-tensor", "all-tiers", "without-l1", "without-redis", "source-only"})
    List<String> variants();

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

    @Option(names = "--connections", paramLabel = "N", defaultValue = "256", description = "Connections of the calls.")
    @InRange(min = 1, max = 10_000)
    int connections();

    @Option(
            names = "--seconds",
            paramLabel = "SECONDS",
            defaultValue = "8",
            description = "Seconds of each measurement.")
    @InRange(min = 1, max = 3600)
    int seconds();

    @Option(
            names = "--warm-up",
            paramLabel = "SECONDS",
            defaultValue = "10",
            description = "Seconds of load on each service.")
    @InRange(min = 0, max = 3600)
    int warmUp();

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "3",
            description = "Rounds of all variants, one after the other.")
    @InRange(min = 1, max = 100)
    int rounds();

    @Option(
            names = "--poll",
            paramLabel = "N",
            defaultValue = "64",
            description = "Lookups alone: requests that are looked up together.")
    @InRange(min = 1, max = 10_000)
    int poll();

    @Option(
            names = "--polls",
            paramLabel = "N",
            defaultValue = "64",
            description = "Lookups alone: polls in flight at a time.")
    @InRange(min = 1, max = 1000)
    int polls();

    @Option(
            names = "--requests",
            paramLabel = "N",
            defaultValue = "200000",
            description = "Lookups alone: requests. 0 skips this part.")
    @InRange(min = 0, max = 1_000_000_000)
    int requests();
}
