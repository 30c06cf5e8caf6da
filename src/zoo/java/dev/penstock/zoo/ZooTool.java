package dev.penstock.zoo;

import dev.penstock.cli.command.Tool;
import dev.penstock.cli.command.UsageException;
import dev.penstock.cli.command.ZooCommand;
import dev.penstock.zoo.reference.ReferenceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** {@code ./penstock zoo}. */
public final class ZooTool implements Tool<ZooCommand> {
    private static final Path WORK = Path.of("target", "zoo");

    @Override
    public int run(ZooCommand command) throws IOException, InterruptedException {
        Path folder = Tool.asCallerNames(command.folder());
        if (!Files.isDirectory(folder)) {
            throw new UsageException("DIR must be a folder, was " + command.folder());
        }
        List<ModelFile> models = new ArrayList<>();
        for (ModelFile model : ModelFile.in(folder)) {
            if (command.only().stream().allMatch(model.path()::contains)) {
                models.add(model.withoutFeatures());
            }
        }
        if (models.isEmpty()) {
            throw new UsageException("DIR must hold .onnx files, " + command.folder() + " has none"
                    + command.only()
                            .map(text -> " with " + text + " in its path")
                            .orElse(""));
        }
        ZooReport report = new ZooReport(models.size(), System.out);
        Duration limit = Duration.ofSeconds(command.seconds());
        try (ReferenceProcess direct = new ReferenceProcess(WORK, limit)) {
            new ZooRun(
                            new ZooRepository(WORK.resolve("models")),
                            direct::of,
                            repository -> ZooService.start(repository, limit),
                            command.atOnce(),
                            limit,
                            report)
                    .run(models);
        }
        report.print();
        report.write(WORK.resolve("report.txt"));
        return report.wrong() == 0 && report.servedPercent() >= command.atLeastPercent() ? 0 : 1;
    }
}
