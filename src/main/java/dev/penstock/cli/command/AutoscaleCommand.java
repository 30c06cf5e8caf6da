package dev.penstock.cli.command;

import dev.penstock.cli.option.InRange;
import dev.penstock.cli.option.OneOf;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./penstock simulate autoscale}. */
@Command(
        name = "autoscale",
        description = {
            "Simulates a day of a model under autoscalers: the load of a day, a promotion that multiplies it by ten, the start of workers.",
            "Prints how many requests were answered in time, how many were refused, and what the GPUs did.",
        },
        footer = {
            "",
            "Writes target/simulate/autoscale-day.svg and autoscale-peak.svg. docs/autoscaling.md describes the policies."
        })
public interface AutoscaleCommand {
    @Option(
            names = "--policy",
            paramLabel = "POLICY",
            split = ",",
            defaultValue = "script,hpa,keda,predictive,fixed",
            description = "The policies: script, hpa, keda, predictive (the default of the manifests) or fixed.")
    @OneOf({"script", "hpa", "keda", "predictive", "fixed"})
    List<String> policies();

    @Option(
            names = "--replicas",
            paramLabel = "N",
            description =
                    "The workers of the policy fixed. Without it, the fewest that answer 995 of 1,000 requests within 380 ms.")
    @InRange(min = 1, max = 100_000)
    Optional<Integer> replicas();

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "The first seed.")
    @InRange(min = 0, max = 999_999_999)
    long seed();

    @Option(names = "--seeds", paramLabel = "N", defaultValue = "1", description = "The number of seeds.")
    @InRange(min = 1, max = 1000)
    int seeds();

    @Option(
            names = "--peak",
            paramLabel = "REQUESTS",
            defaultValue = "4200",
            description = "Requests per second at the peak.")
    @InRange(min = 1, max = 999_999_999)
    double peak();

    @Option(
            names = "--ramp",
            paramLabel = "MINUTES",
            defaultValue = "10",
            description = "Minutes until the promotion is at its peak.")
    @InRange(min = 0, max = 120)
    double rampMinutes();

    @Option(names = "--min", paramLabel = "N", defaultValue = "3", description = "The fewest workers.")
    @InRange(min = 1, max = 100_000)
    int least();

    @Option(names = "--max", paramLabel = "N", defaultValue = "20", description = "The most workers.")
    @InRange(min = 1, max = 100_000)
    int most();

    @Option(
            names = "--partitions",
            paramLabel = "N",
            defaultValue = "120",
            description = "Partitions of the request topic.")
    @InRange(min = 1, max = 1_000_000)
    int partitions();

    @Option(
            names = "--start",
            paramLabel = "SECONDS",
            split = ",",
            defaultValue = "60,20,10",
            description = "Seconds in which a worker pulls its image, loads the model and warms it up.")
    @InRange(min = 0, max = 3600)
    List<Double> startSeconds();

    @Option(
            names = "--deadline",
            paramLabel = "MILLIS",
            defaultValue = "500",
            description = "Milliseconds until a request's deadline.")
    @InRange(min = 1, max = 3_600_000)
    double deadlineMillis();
}
