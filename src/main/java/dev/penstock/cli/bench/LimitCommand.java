package dev.penstock.cli.bench;

import dev.penstock.cli.option.InRange;
import dev.penstock.cli.option.OneOf;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./penstock bench limit}. */
@Command(
        name = "limit",
        description = "Runs the raw ONNX session in a tight loop, at growing batch sizes.",
        footer = {"", "Writes target/bench/limit.json and limit.svg."})
public non-sealed interface LimitCommand extends BenchCommand {
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
            description =
                    "The processor: cpu, or cuda, which needs a build with -Pgpu. The sizes are 1 to 128 rows on cpu, and 1 to 1024 on cuda.")
    @OneOf({"cpu", "cuda"})
    String processor();

    @Option(
            names = "--seconds",
            paramLabel = "SECONDS",
            defaultValue = "2",
            description = "Seconds of each measurement.")
    @InRange(min = 1, max = 60)
    int seconds();
}
