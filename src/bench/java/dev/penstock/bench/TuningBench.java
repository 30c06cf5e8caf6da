package dev.penstock.bench;

import static java.util.Comparator.comparingDouble;

import ai.onnxruntime.OrtException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Measures whether tuning would pay: one service serves a model with default settings, and copies with a fixed batch size and delay.
 *
 * <p>At each load, all fixed variants run first. Then the best of them alternates with the default. Only these later rounds count, because
 * the best of many noisy measurements looks better than it is.
 */
final class TuningBench {
    private static final Path SERVED = Path.of("target/bench/tuning");
    private static final int STANDARD_MAX_BATCH_SIZE = 64;

    /**
     * @param percents the open-loop rates, in percent of the default's closed-loop throughput
     * @param warmUpSeconds of load on each service
     * @param rounds in which all fixed variants run
     * @param finals rounds of the default against the best fixed variant
     */
    record Settings(
            List<String> models,
            List<Integer> sizes,
            List<Integer> delaysMillis,
            List<Integer> percents,
            int seconds,
            int warmUpSeconds,
            int rounds,
            int finals) {}

    /** A copy of the model with its settings. */
    record Variant(String title, String suffix, String config) {
        static Variant standard(String config) {
            return new Variant("default", "", config);
        }

        /** A variant whose batch window is always open for this long. */
        static Variant fixed(int size, int delayMillis, String config) {
            StringBuilder changed = new StringBuilder();
            config.lines()
                    .filter(line -> !line.startsWith("max_batch_size:"))
                    .forEach(line -> changed.append(line).append('\n'));
            changed.append("max_batch_size: %d%nmin_queue_delay: %dms%nmax_queue_delay: %dms%n"
                    .formatted(size, delayMillis, delayMillis));
            return new Variant(
                    "%d, %d ms".formatted(size, delayMillis),
                    "-%d-%dms".formatted(size, delayMillis),
                    changed.toString());
        }
    }

    /** The default against the best fixed variant, under one load. */
    record Comparison(String load, String best, List<LoadResult> standard, List<LoadResult> fixed) {
        double ratio(ToDoubleFunction<LoadResult> measure) {
            return SyncBench.median(standard, measure) / SyncBench.median(fixed, measure);
        }
    }

    private final Settings settings;
    private final PrintStream out;

    TuningBench(Settings settings, PrintStream out) {
        this.settings = settings;
        this.out = out;
    }

    /** Prints a table per model, writes the report, and returns the number of responses that are neither correct nor a refusal. */
    long run() throws IOException, OrtException, InterruptedException {
        Map<String, List<Comparison>> all = new LinkedHashMap<>();
        for (String name : settings.models()) {
            List<Comparison> comparisons = measure(Workload.named(name));
            all.put(name, comparisons);
            out.println();
            out.print(table(name, comparisons));
        }
        out.println("median of " + settings.finals() + " rounds (lowest-highest); every response is checked; ratio:"
                + " default divided by the best fixed variant");
        out.println("wrote " + Report.now("tuning", settings, all).write());
        return all.values().stream()
                .flatMap(List::stream)
                .flatMap(comparison -> comparison.standard().stream())
                .mapToLong(result -> result.errors() - result.otherStatuses().getOrDefault("503", 0L))
                .sum();
    }

    private List<Comparison> measure(Workload workload) throws IOException, OrtException, InterruptedException {
        Path yaml = workload.folder().resolve("model.yaml");
        String config = Files.exists(yaml) ? Files.readString(yaml) : "";
        Variant standard = Variant.standard(config);
        List<Variant> grid = grid(config);
        List<String> names = new ArrayList<>();
        for (Variant variant : grid) {
            names.add(serve(workload, variant));
        }
        names.add(serve(workload, standard));
        Path repository = SERVED.resolve(workload.name());
        try (LocalService service = LocalService.start(LocalService.Setup.of(repository, names))) {
            TuningLoads loads = new TuningLoads(service.target(), workload, settings, out);
            loads.warmUp(standard);
            return compare(loads, standard, grid);
        }
    }

    private List<Comparison> compare(TuningLoads loads, Variant standard, List<Variant> grid) throws IOException {
        List<Comparison> comparisons = new ArrayList<>();
        Map<Variant, Double> rates = new HashMap<>();
        for (Variant variant : grid) {
            rates.put(
                    variant,
                    SyncBench.median(loads.trials(variant, TuningLoads.CLOSED_LOOP), LoadResult::throughputPerSecond));
        }
        Variant fastest = best(grid, variant -> -rates.getOrDefault(variant, 0.0));
        Comparison closed = loads.finals("closed loop", TuningLoads.CLOSED_LOOP, standard, fastest);
        comparisons.add(closed);
        double capacity = SyncBench.median(closed.standard(), LoadResult::throughputPerSecond);
        for (int percent : settings.percents()) {
            HttpLoad.Pace pace = new HttpLoad.OpenLoop(capacity * percent / 100);
            Map<Variant, Double> p99s = new HashMap<>();
            for (Variant variant : grid) {
                // The queue of a variant that cannot keep up would only grow.
                if (variant.equals(fastest) || rates.getOrDefault(variant, 0.0) > capacity * percent / 100) {
                    p99s.put(variant, SyncBench.median(loads.trials(variant, pace), TuningBench::p99));
                }
            }
            Variant best = best(grid, variant -> p99s.getOrDefault(variant, Double.MAX_VALUE));
            comparisons.add(loads.finals("open, " + percent + " %", pace, standard, best));
        }
        return comparisons;
    }

    private static Variant best(List<Variant> grid, ToDoubleFunction<Variant> badness) {
        return grid.stream().min(comparingDouble(badness)).orElseThrow();
    }

    /** Batch size 1 needs no delay. */
    private List<Variant> grid(String config) {
        int most = config.lines()
                .filter(line -> line.startsWith("max_batch_size:"))
                .mapToInt(line -> Integer.parseInt(line.replaceAll("\\D", "")))
                .findFirst()
                .orElse(STANDARD_MAX_BATCH_SIZE);
        List<Variant> grid = new ArrayList<>();
        for (int size : settings.sizes()) {
            for (int delay : settings.delaysMillis()) {
                if (size <= most && (size > 1 || delay == 0)) {
                    grid.add(Variant.fixed(size, delay, config));
                }
            }
        }
        return grid;
    }

    private static String serve(Workload workload, Variant variant) throws IOException {
        String model = workload.model() + variant.suffix();
        Path folder = SERVED.resolve(workload.name()).resolve(model);
        Files.createDirectories(folder.resolve("1"));
        Files.copy(workload.file(), folder.resolve("1/model.onnx"), StandardCopyOption.REPLACE_EXISTING);
        Files.writeString(folder.resolve("model.yaml"), variant.config());
        return model;
    }

    static double p99(LoadResult result) {
        return result.latency().p99Millis();
    }

    private static Table table(String name, List<Comparison> comparisons) {
        Table table = new Table(
                name, "best fixed", "rows/s", "of best fixed", "ratio", "p99 ms", "of best fixed", "ratio", "errors");
        for (Comparison each : comparisons) {
            table.add(
                    each.load(),
                    each.best(),
                    SyncBench.spread("%,.0f", each.standard(), LoadResult::throughputPerSecond),
                    SyncBench.spread("%,.0f", each.fixed(), LoadResult::throughputPerSecond),
                    "%.2f".formatted(each.ratio(LoadResult::throughputPerSecond)),
                    SyncBench.spread("%.1f", each.standard(), TuningBench::p99),
                    SyncBench.spread("%.1f", each.fixed(), TuningBench::p99),
                    "%.2f".formatted(each.ratio(TuningBench::p99)),
                    Long.toString(each.standard().stream()
                            .mapToLong(LoadResult::errors)
                            .sum()));
        }
        return table;
    }
}
