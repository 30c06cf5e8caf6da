package dev.penstock.cli.command;

import dev.penstock.cli.option.InRange;
import dev.penstock.cli.option.OneOf;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ./penstock fuzz}. */
@Command(
        name = "fuzz",
        description = "Feeds generated input to the code that reads requests, records, replies and models.",
        footer = {
            "",
            "Stops at the first input that breaks a property, keeps it in target/fuzz/TARGET, and exits with 1."
        })
public interface FuzzCommand {
    @Parameters(
            arity = "0..*",
            paramLabel = "TARGET",
            defaultValue = "json,binary,record,reply,model",
            split = ",",
            description = "The readers to test, one after the other: json, binary, record, reply or model.")
    @OneOf({"json", "binary", "record", "reply", "model"})
    List<String> targets();

    @Option(
            names = "--seconds",
            paramLabel = "SECONDS",
            description = "The time for each target. The default is 60, unless --runs is given.")
    @InRange(min = 1, max = 999_999_999_999L)
    Optional<Long> seconds();

    @Option(
            names = "--runs",
            paramLabel = "N",
            description = "The number of executions of each target, in place of a time.")
    @InRange(min = 1, max = 999_999_999_999L)
    Optional<Long> runs();

    @Option(names = "--keep", description = "Adds inputs that reach new code to src/test/resources/fuzz.")
    boolean keep();
}
