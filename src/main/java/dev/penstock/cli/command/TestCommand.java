package dev.penstock.cli.command;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code ./penstock test}. */
@Command(
        name = "test",
        description =
                "Builds, runs all tests, and prints a last line with the numbers of passed, failed and skipped tests.",
        footer = {"", "Examples: ./penstock test -Pgpu, ./penstock test -Dtest=BatcherTest"})
public interface TestCommand {
    @Parameters(
            arity = "0..*",
            paramLabel = "MAVEN-ARGUMENT",
            description = "Goes to Maven as it is, after the goal verify.")
    String[] mavenArguments();
}
