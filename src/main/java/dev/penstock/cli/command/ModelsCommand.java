package dev.penstock.cli.command;

import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code ./penstock models}: looks at models, makes the sample models, or gets them. */
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

    /** {@code ./penstock models inspect}. */
    @Command(
            name = "inspect",
            description = {
                "Loads a model as a worker does, and says how it would be served and why.",
                "Prints its signature and operators, its memory, what would make it better, and a call to try. A folder gives a table.",
            },
            footer = {"", "Exits with 1 if a model would be refused."})
    non-sealed interface Inspect extends ModelsCommand {
        @Parameters(paramLabel = "PATH", description = "An .onnx file, or a folder with such files below it.")
        Path place();
    }
}
