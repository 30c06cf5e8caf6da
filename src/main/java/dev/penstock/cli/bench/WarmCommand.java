package dev.penstock.cli.bench;

import dev.penstock.cli.option.InRange;
import dev.penstock.cli.option.OneOf;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./penstock bench warm}. */
@Command(
        name = "warm",
        description =
                "Compares the first seconds of a started service with its warm state, with and without its warm-up,"
                        + " and after ./penstock up --train where that ran.",
        footer = {"", "Writes target/bench/warm.json."})
public non-sealed interface WarmCommand extends BenchCommand {
    @Option(
            names = "--contenders",
            paramLabel = "NAME",
            split = ",",
            defaultValue = "together,apart",
            description = {
                "together: all in one process, as up starts it, which warms up behind its readiness; a closed loop.",
                "apart: ingress, worker and broker in processes of their own, which are ready when they are warm; a constant rate."
            })
    @OneOf({"together", "apart"})
    List<String> contenders();

    @Option(names = "--connections", paramLabel = "N", defaultValue = "64", description = "Connections.")
    @InRange(min = 1, max = 10_000)
    int connections();

    @Option(
            names = "--idle",
            paramLabel = "SECONDS",
            defaultValue = "20",
            description = "Seconds without calls, from when a service in one process is ready.")
    @InRange(min = 0, max = 3600)
    int idleSeconds();

    @Option(
            names = "--rate",
            paramLabel = "N",
            defaultValue = "1000",
            description = "Requests per second where the roles are apart, from the moment in which they are ready.")
    @InRange(min = 1, max = 1_000_000)
    int rate();

    @Option(
            names = "--seconds",
            paramLabel = "SECONDS",
            defaultValue = "15",
            description = "Seconds of each measurement: of the first seconds, and of the warm state.")
    @InRange(min = 1, max = 3600)
    int seconds();

    @Option(
            names = "--load",
            paramLabel = "SECONDS",
            defaultValue = "105",
            description = "Seconds of a closed loop between the two measurements.")
    @InRange(min = 0, max = 3600)
    int loadSeconds();

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "3",
            description = "Rounds. Each starts a service of each kind, in turns.")
    @InRange(min = 1, max = 100)
    int rounds();
}
