package dev.penstock.bench;

import ai.onnxruntime.OrtException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.penstock.protocol.Tensor;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/** Runs the raw session in a tight loop at each batch size. This is the upper limit for any service around the same session. */
final class LimitBench {
    private static final Path REPORT = Path.of("target/bench/limit.json");

    /**
     * Rows per second at one batch size, with the processor fully used.
     *
     * @param callers result with as many concurrent callers as the processor accepts, each run with one host thread
     * @param threads result with one caller, whose run has a thread per host core
     */
    record Point(int batchSize, double callers, double threads) {
        double best() {
            return Math.max(callers, threads);
        }
    }

    private final Processor processor;
    private final PrintStream out;

    LimitBench(Processor processor, PrintStream out) {
        this.processor = processor;
        this.out = out;
    }

    /** Prints the table, and writes the report and the plot. */
    void run(List<String> models, int seconds) throws IOException, OrtException, InterruptedException {
        Map<String, List<Point>> limits = new LinkedHashMap<>();
        for (String model : models) {
            limits.put(model, measure(Workload.named(model), Duration.ofSeconds(seconds)));
        }
        out.println();
        out.print(table(limits));
        out.println(
                "rows/s on " + processor
                        + "; the better of one single-threaded caller per core, 4 on a GPU (c), and one caller with all threads (t)");
        Map<String, Object> settings = Map.of("models", models, "processor", processor, "seconds", seconds);
        out.println("wrote " + Report.now("limit", settings, limits).write() + " and " + plot(limits));
    }

    List<Point> measure(Workload workload, Duration duration) throws OrtException, InterruptedException {
        int cores = Runtime.getRuntime().availableProcessors();
        List<Integer> sizes = processor.batchSizes();
        List<Point> points = new ArrayList<>();
        Random random = new Random(1);
        List<List<Tensor>> rows = Stream.generate(() -> workload.inputs().draw(random))
                .limit(sizes.getLast())
                .toList();
        try (RawSession narrow = new RawSession(workload, processor, 1);
                RawSession wide = new RawSession(workload, processor, cores)) {
            for (int size : sizes) {
                List<List<Tensor>> batch = rows.subList(0, size);
                Point point = new Point(
                        size,
                        narrow.rowsPerSecond(batch, processor.callers(), duration),
                        wide.rowsPerSecond(batch, 1, duration));
                out.printf("limit of %s at %d rows per run: %,.0f rows/s%n", workload.name(), size, point.best());
                points.add(point);
            }
        }
        return points;
    }

    /** Measures once more, at one batch size. */
    double again(Workload workload, Point best, Duration duration) throws OrtException, InterruptedException {
        int cores = Runtime.getRuntime().availableProcessors();
        Random random = new Random(1);
        List<List<Tensor>> batch = Stream.generate(() -> workload.inputs().draw(random))
                .limit(best.batchSize())
                .toList();
        boolean isOfCallers = best.callers() >= best.threads();
        try (RawSession session = new RawSession(workload, processor, isOfCallers ? 1 : cores)) {
            double rate = session.rowsPerSecond(batch, isOfCallers ? processor.callers() : 1, duration);
            out.printf("limit of %s at %d rows per run: %,.0f rows/s%n", workload.name(), best.batchSize(), rate);
            return rate;
        }
    }

    static Point best(List<Point> points) {
        return points.stream().max(Comparator.comparingDouble(Point::best)).orElseThrow();
    }

    /** Reads the result of an earlier {@code bench limit} on this machine. */
    static List<Point> read(String model) throws IOException {
        if (!Files.exists(REPORT)) {
            throw new IOException(REPORT + " must exist; run ./penstock bench limit");
        }
        ObjectMapper json = new ObjectMapper();
        JsonNode points = json.readTree(REPORT.toFile()).path("results").path(model);
        if (points.isMissingNode()) {
            throw new IOException(REPORT + " must contain " + model + "; run ./penstock bench limit --models " + model);
        }
        return json.convertValue(points, new TypeReference<>() {});
    }

    private Table table(Map<String, List<Point>> limits) {
        List<String> header = new ArrayList<>(List.of("batch size"));
        header.addAll(limits.keySet());
        Table table = new Table(header.toArray(String[]::new));
        List<Integer> sizes = processor.batchSizes();
        for (int i = 0; i < sizes.size(); i++) {
            List<String> cells = new ArrayList<>(List.of(sizes.get(i).toString()));
            for (List<Point> points : limits.values()) {
                Point point = points.get(i);
                cells.add("%,.0f %s".formatted(point.best(), point.callers() >= point.threads() ? "c" : "t"));
            }
            table.add(cells.toArray(String[]::new));
        }
        return table;
    }

    private Path plot(Map<String, List<Point>> limits) throws IOException {
        Chart chart = Chart.lines(
                        "Throughput limit of the raw session",
                        "rows per run",
                        "rows/s",
                        processor.batchSizes().stream().map(String::valueOf).toList())
                .withLogarithmicAxis();
        limits.forEach((name, points) ->
                chart.with(name, points.stream().mapToDouble(Point::best).toArray()));
        return chart.write(REPORT.resolveSibling("limit.svg"));
    }
}
