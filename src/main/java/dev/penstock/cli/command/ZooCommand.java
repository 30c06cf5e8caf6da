package dev.penstock.cli.command;

import dev.penstock.cli.option.InRange;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ./penstock zoo}. */
@Command(
        name = "zoo",
        description = {
            "Serves every model of a folder, and compares the answers with ONNX Runtime called directly.",
            "Each model gets requests alone and in company, of one row and of many, in JSON and in binary form.",
        },
        footer = {
            "",
            "Exits with 1 if an answer was wrong, or if fewer were served than --at-least says.",
            "Writes a line for each model to target/zoo/report.txt. docs/zoo.md explains the report."
        })
public interface ZooCommand {
    @Parameters(
            paramLabel = "DIR",
            description =
                    "The folder. Every .onnx file below it is a model, with the test_data_set_* folders beside it.")
    Path folder();

    @Option(
            names = "--only",
            paramLabel = "TEXT",
            description = "Only models whose path contains this text. Without it, all.")
    Optional<String> only();

    @Option(
            names = "--at-once",
            paramLabel = "N",
            defaultValue = "50",
            description = "Models that one process serves. They are called one after the other.")
    @InRange(min = 1, max = 1000)
    int atOnce();

    @Option(
            names = "--seconds",
            paramLabel = "SECONDS",
            defaultValue = "60",
            description = "The most seconds for a model to load, and for each of its answers.")
    @InRange(min = 1, max = 3600)
    int seconds();

    @Option(
            names = "--at-least",
            paramLabel = "PERCENT",
            defaultValue = "0",
            description = "The share of the models which ONNX Runtime can run that must be served.")
    @InRange(min = 0, max = 100)
    double atLeastPercent();
}
