package dev.penstock.cli.bench;

import dev.penstock.cli.option.InRange;
import dev.penstock.cli.option.OneOf;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./penstock bench batching}. */
@Command(
        name = "batching",
        description = "Compares batch size 1 with adaptive batching, in turns on one service.",
        footer = {"", "Writes target/bench/batching.json and batching-*.svg."})
public non-sealed interface BatchingCommand extends BenchCommand {
    @Option(
            names = "--models",
            paramLabel = "MODEL",
            split = ",",
            defaultValue = "digits,mlp-19mb,mlp-70mb,minilm-16,minilm-64",
            description =
                    "The models to measure. mlp-1gb is for GPUs; minilm-16 and minilm-64 need ./penstock models fetch minilm.")
    @OneOf({"digits", "mlp-19mb", "mlp-70mb", "mlp-1gb", "minilm-16", "minilm-64"})
    List<String> models();

    @Option(
            names = "--processor",
            paramLabel = "PROCESSOR",
            defaultValue = "cpu",
            description = "The processor: cpu, or cuda, which needs a build with -Pgpu.")
    @OneOf({"cpu", "cuda"})
    String processor();

    @Option(
            names = "--form",
            paramLabel = "FORM",
            defaultValue = "own",
            description =
                    "The form of the inputs: json, binary, or own, each model's usual form (binary for mlp, JSON for the others).")
    @OneOf({"own", "json", "binary"})
    String form();

    @Option(
            names = "--connections",
            paramLabel = "N",
            split = ",",
            defaultValue = "64,256",
            description = "Connections of each closed loop.")
    @InRange(min = 1, max = 10_000)
    List<Integer> connections();

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
            defaultValue = "60",
            description = "Seconds of load on each service before its first measurement.")
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
            names = "--limit-seconds",
            paramLabel = "SECONDS",
            defaultValue = "1",
            description = "Seconds of each measurement of the raw session. 0 reads target/bench/limit.json.")
    @InRange(min = 0, max = 60)
    int limitSeconds();
}
