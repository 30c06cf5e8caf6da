package dev.penstock.cli.command;

import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code ./penstock mutants}. */
@Command(
        name = "mutants",
        description = "Puts faults into batching and delivery, one at a time, and shows which test finds each.",
        footer = {"", "Exits with 1 if all tests pass with a fault."})
public interface MutantsCommand {
    @Parameters(
            arity = "0..1",
            paramLabel = "WORD",
            description = "Runs only the mutants with this word in their name. Without it, runs all.")
    Optional<String> word();
}
