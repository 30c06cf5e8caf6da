package dev.penstock.inspect;

import dev.penstock.cli.command.Tool;
import dev.penstock.cli.command.UsageException;
import dev.penstock.zoo.ModelFile;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/** {@code ./penstock models inspect}. */
public final class InspectTool {
    private static final Path WORK = Path.of("target", "inspect");

    private final PrintStream out;

    public InspectTool(PrintStream out) {
        this.out = out;
    }

    /**
     * Prints one model, or a table of all models below a folder.
     *
     * @return the exit code: 1 if a model would be refused
     */
    public int run(Path place) throws IOException {
        // Before the first logger: otherwise the log's manager complains.
        System.setProperty("java.util.logging.manager", "org.jboss.logmanager.LogManager");
        Path given = Tool.asCallerNames(place);
        InspectionText text = new InspectionText(out);
        Inspector inspector = Inspector.open(WORK);
        if (Files.isRegularFile(given)) {
            Path folder = Objects.requireNonNull(given.toAbsolutePath().getParent());
            Inspection inspection = inspector.inspect(
                    ModelFile.of(folder, given.toAbsolutePath()).shownAs(place.toString()));
            text.print(inspection);
            return inspection.isRefused() ? 1 : 0;
        }
        List<ModelFile> models = Files.isDirectory(given) ? ModelFile.in(given) : List.of();
        if (models.isEmpty()) {
            throw new UsageException("PATH must be an .onnx file, or a folder with such files, was " + place);
        }
        int refused = 0;
        text.printHeader();
        for (ModelFile model : models) {
            Inspection inspection = inspector.inspect(model);
            text.printRow(inspection);
            refused += inspection.isRefused() ? 1 : 0;
        }
        out.printf("%d models, %d would be refused%n", models.size(), refused);
        return refused == 0 ? 0 : 1;
    }
}
