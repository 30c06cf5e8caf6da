package dev.penstock.cli.command;

import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code ./penstock train}. */
@Command(
        name = "train",
        description =
                "Starts a production package with a Kafka and a Redis of its own until it is warm, and keeps what the JVM has"
                        + " learnt in a file. Later starts of that package with -XX:AOTCache=FILE are warm sooner.",
        footer = {
            "",
            "For example: ./penstock train penstock.aot -- java -jar quarkus-run.jar",
            "Takes a minute or two, and a JDK 25 or newer. For ./penstock up, use ./penstock up --train."
        })
public interface TrainCommand {
    @Parameters(index = "0", paramLabel = "FILE", description = "The AOT cache that is written.")
    Path file();

    @Parameters(
            index = "1..*",
            arity = "1..*",
            paramLabel = "COMMAND",
            description = "The JVM and its arguments, which start the service with all its roles.")
    List<String> command();
}
