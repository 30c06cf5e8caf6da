package dev.penstock.cli.command;

import picocli.CommandLine.Command;

/** {@code ./penstock models}: makes the sample models, or gets them. */
public sealed interface ModelsCommand {

    /** {@code ./penstock models fetch minilm}. */
    @Command(
            name = "minilm",
            description = "Fetches all-MiniLM-L6-v2, a sentence transformer of 23 MB, into src/main/models/minilm.")
    non-sealed interface FetchMinilm extends ModelsCommand {}

    /** {@code ./penstock models build digits}. */
    @Command(name = "digits", description = "Trains the sample model digits and writes it to src/main/models/digits.")
    non-sealed interface BuildDigits extends ModelsCommand {}

    /** {@code ./penstock models build churn}. */
    @Command(name = "churn", description = "Trains the sample model churn and writes it to src/main/models/churn.")
    non-sealed interface BuildChurn extends ModelsCommand {}
}
