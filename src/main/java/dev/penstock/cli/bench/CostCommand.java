package dev.penstock.cli.bench;

import dev.penstock.cli.option.InRange;
import dev.penstock.cli.option.OneOf;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./penstock bench cost}. */
@Command(
        name = "cost",
        description = {
            "Measures what a request costs: processor time of ingress, worker and broker, bytes allocated,",
            "switches between threads, Kafka requests; beside the least that an endpoint can do."
        },
        footer = {"", "Writes target/bench/cost.json."})
public non-sealed interface CostCommand extends BenchCommand {
    @Option(
            names = "--models",
            paramLabel = "MODEL",
            split = ",",
            defaultValue = "digits,mlp-19mb",
            description = "The models, one after the other.")
    @OneOf({"digits", "mlp-19mb", "mlp-70mb", "mlp-1gb", "minilm-16", "minilm-64"})
    List<String> models();

    @Option(
            names = "--contenders",
            paramLabel = "NAME",
            split = ",",
            defaultValue = "apart,in-place",
            description = {
                "apart: ingress, worker and broker in processes of their own. together: all in one, as up starts it.",
                "in-place: the same model, codec and HTTP library with a queue in memory."
            })
    @OneOf({"apart", "together", "in-place"})
    List<String> contenders();

    @Option(
            names = "--beside",
            paramLabel = "DIR",
            description = "The target/quarkus-app of another checkout, which is measured in turns with this one.")
    Optional<Path> beside();

    @Option(
            names = "--beside-jvm",
            paramLabel = "OPTIONS",
            defaultValue = "",
            description = {
                "Options of the JVMs of that package, after those of up, with spaces between them;",
                "for example --beside-jvm=-XX:-UseTransparentHugePages.",
                "With this checkout's own target/quarkus-app beside, the benchmark measures what an option gives."
            })
    String besideJvm();

    @Option(
            names = "--doors",
            paramLabel = "DOOR",
            split = ",",
            defaultValue = "sync,async,kafka",
            description = "How requests come.")
    @OneOf({"sync", "async", "kafka"})
    List<String> doors();

    @Option(
            names = "--callers",
            paramLabel = "N",
            split = ",",
            defaultValue = "1,16,64,256,1024",
            description = "Callers of each closed loop: connections, or outstanding requests; 0 for no closed loop.")
    @InRange(min = 0, max = 10_000)
    List<Integer> callers();

    @Option(
            names = "--rate",
            paramLabel = "N",
            defaultValue = "4200",
            description = "Synchronous requests per second of the open loop over 100 connections; 0 for none.")
    @InRange(min = 0, max = 1_000_000)
    int rate();

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
            defaultValue = "120",
            description = "Seconds of load on each contender before the first measurement.")
    @InRange(min = 0, max = 3600)
    int warmUp();

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "3",
            description = "Rounds of all measurements, one after the other.")
    @InRange(min = 1, max = 100)
    int rounds();

    @Option(
            names = "--profile",
            description = {
                "Samples all processes in one more round of the synchronous loop with the most callers, or of the open",
                "loop if there is no other: whose code they run. Leaves the recordings of JDK Flight Recorder in target/bench."
            })
    boolean profiles();
}
