package dev.penstock.cli.bench;

import dev.penstock.cli.option.InRange;
import dev.penstock.cli.option.OneOf;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./penstock bench edge}. */
@Command(
        name = "edge",
        description =
                "Compares an edge near its users with a distant centre that answers them all, while the link between"
                        + " the two is cut now and then.",
        footer = {"", "Writes target/bench/edge.json, edge-latency.svg and edge-availability.svg; with --hop, hop.json."
        })
public non-sealed interface EdgeCommand extends BenchCommand {
    @Option(
            names = "--variants",
            paramLabel = "NAMES",
            split = ",",
            defaultValue = "none,centre,overflow,cache,fallback",
            description = "Who answers: none (no edge), centre, overflow, cache (and centre), fallback (and both).")
    @OneOf({"none", "centre", "overflow", "cache", "fallback"})
    List<String> variants();

    @Option(
            names = "--hop",
            description = "Measures instead what the way over an edge costs one caller where the centre is not distant,"
                    + " with --warm-up and a third of --seconds for each of three rounds.")
    boolean hop();

    @Option(
            names = "--distance",
            paramLabel = "MS",
            defaultValue = "100",
            description = "The way to the centre, one way.")
    @InRange(min = 0, max = 10_000)
    int distance();

    @Option(names = "--rate", paramLabel = "N", defaultValue = "50", description = "Synchronous calls per second.")
    @InRange(min = 1, max = 10_000)
    int rate();

    @Option(
            names = "--async",
            paramLabel = "N",
            defaultValue = "5",
            description = "Asynchronous requests per second beside them.")
    @InRange(min = 1, max = 10_000)
    int async();

    @Option(
            names = "--own",
            paramLabel = "PERCENT",
            defaultValue = "30",
            description = "The part of the calls for a model that the edge has.")
    @InRange(min = 0, max = 100)
    int own();

    @Option(
            names = "--zipf",
            paramLabel = "S",
            defaultValue = "1.0",
            description = "The exponent of Zipf's law, which the inputs follow.")
    double zipf();

    @Option(names = "--seconds", paramLabel = "SECONDS", defaultValue = "300", description = "Seconds of each variant.")
    @InRange(min = 1, max = 86_400)
    int seconds();

    @Option(
            names = "--warm-up",
            paramLabel = "SECONDS",
            defaultValue = "20",
            description = "Seconds of load before each, which are not measured.")
    @InRange(min = 0, max = 3600)
    int warmUp();

    @Option(
            names = "--cut",
            paramLabel = "SECONDS",
            defaultValue = "30",
            description = "How long the link is cut in each ten times as long. With 0, it is never cut.")
    @InRange(min = 0, max = 3600)
    int cut();

    @Option(
            names = "--how",
            paramLabel = "HOW",
            defaultValue = "stall",
            description = "What a cut does: stall (bytes arrive after it) or reset (connections break).")
    @OneOf({"stall", "reset"})
    String how();

    @Option(
            names = "--limit",
            paramLabel = "MS",
            defaultValue = "2000",
            description = "An answer after this time is none.")
    @InRange(min = 1, max = 600_000)
    int limit();

    @Option(
            names = "--call",
            paramLabel = "MS",
            defaultValue = "800",
            description = "The edge's longest call to the centre (remote.timeout).")
    @InRange(min = 1, max = 600_000)
    int call();
}
