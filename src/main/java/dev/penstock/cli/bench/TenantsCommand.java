package dev.penstock.cli.bench;

import dev.penstock.cli.option.InRange;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./penstock bench tenants}. */
@Command(
        name = "tenants",
        description = "Measures a quiet tenant beside one that sends a multiple of its quota, in turns.",
        footer = {"", "Writes target/bench/tenants.json."})
public non-sealed interface TenantsCommand extends BenchCommand {
    @Option(
            names = "--quota",
            paramLabel = "N",
            defaultValue = "100",
            description = "Quota of the noisy tenant, in requests per second.")
    @InRange(min = 1, max = 10_000)
    int quota();

    @Option(
            names = "--factors",
            paramLabel = "N",
            split = ",",
            defaultValue = "0,1,20",
            description = "Loads of the noisy tenant, as multiples of its quota.")
    @InRange(min = 0, max = 100)
    List<Integer> factors();

    @Option(
            names = "--quiet",
            paramLabel = "N",
            defaultValue = "200",
            description = "Calls per second of the quiet tenant.")
    @InRange(min = 1, max = 10_000)
    int quiet();

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
            defaultValue = "30",
            description = "Seconds of load before the first measurement.")
    @InRange(min = 1, max = 3600)
    int warmUp();

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "3",
            description = "Rounds of all measurements, one after the other.")
    @InRange(min = 1, max = 100)
    int rounds();
}
