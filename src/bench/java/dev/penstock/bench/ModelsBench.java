package dev.penstock.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Measures what models cost that nobody calls: the start, memory, threads, and processor time. */
final class ModelsBench {
    private static final Path FOLDER = Path.of("target/bench");

    /**
     * @param counts numbers of models, each served by a service of its own
     * @param kib size of a model's file
     */
    record Settings(List<Integer> counts, int kib, int settleSeconds, int seconds) {}

    /**
     * A service with this many models; all numbers include its broker.
     *
     * @param startSeconds until all models are ready
     * @param idleCpuPercent of one core
     */
    record Result(
            int models,
            double startSeconds,
            long residentBytes,
            long mostResidentBytes,
            long threads,
            double idleCpuPercent) {}

    private final Settings settings;
    private final PrintStream out;

    ModelsBench(Settings settings, PrintStream out) {
        this.settings = settings;
        this.out = out;
    }

    /** Prints a table, and writes the report. */
    void run() throws IOException, InterruptedException {
        Table table = new Table("models", "start s", "resident MiB", "at most MiB", "threads", "idle % of a core");
        List<Result> results = new ArrayList<>();
        for (int count : settings.counts()) {
            out.printf("%d models of %d KiB%n", count, settings.kib());
            Result result = measure(count);
            results.add(result);
            table.add(
                    Integer.toString(count),
                    "%.1f".formatted(result.startSeconds()),
                    "%,d".formatted(result.residentBytes() >> 20),
                    "%,d".formatted(result.mostResidentBytes() >> 20),
                    Long.toString(result.threads()),
                    "%.1f".formatted(result.idleCpuPercent()));
        }
        out.println();
        out.print(table);
        out.println("wrote " + Report.now("models", settings, results).write());
    }

    private Result measure(int count) throws IOException, InterruptedException {
        List<String> ready = new ArrayList<>();
        Path models = models(count, ready);
        ready.add("/v2/health/ready");
        long start = System.nanoTime();
        try (LocalService service =
                LocalService.start(new LocalService.Setup(models, ready, Map.of(), Optional.empty(), "models"))) {
            double startSeconds = (System.nanoTime() - start) / 1e9;
            Thread.sleep(Duration.ofSeconds(settings.settleSeconds()));
            Duration before = service.cpu();
            Thread.sleep(Duration.ofSeconds(settings.seconds()));
            double idle = service.cpu().minus(before).toNanos() / 1e9 / settings.seconds();
            return new Result(
                    count,
                    startSeconds,
                    service.residentBytes(),
                    service.mostResidentBytes(),
                    service.threads(),
                    100 * idle);
        }
    }

    /** @param ready gets the path of each model's readiness */
    private Path models(int count, List<String> ready) throws IOException {
        Path model = GeneratedMlp.build(FOLDER.resolve("model-" + settings.kib()), hidden());
        Path folder = FOLDER.resolve("models-" + count + "-of-" + settings.kib());
        for (int i = 1; i <= count; i++) {
            String name = "mlp-" + i;
            Path file = folder.resolve(name).resolve("1").resolve("model.onnx");
            if (!Files.exists(file)) {
                Files.createDirectories(file.resolveSibling("."));
                Files.copy(model, file);
            }
            ready.add("/v2/models/" + name + "/ready");
        }
        return folder;
    }

    /** The width of the hidden layers that makes a file of the size: almost all of it are 256 × width and width × width floats. */
    private int hidden() {
        double floats = settings.kib() * 1024.0 / Float.BYTES;
        double half = GeneratedMlp.FEATURES / 2.0;
        return (int) (Math.sqrt(floats + half * half) - half);
    }
}
