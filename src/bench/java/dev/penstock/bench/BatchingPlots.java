package dev.penstock.bench;

import dev.penstock.bench.BatchingBench.Copy;
import dev.penstock.bench.BatchingBench.Outcome;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Charts of the results of {@link BatchingBench}. */
final class BatchingPlots {
    private static final List<String> PERCENTILES = List.of("p50", "p90", "p99", "p99.9", "max");

    /** The value that a bar shows. */
    private interface Height {
        double of(Outcome outcome, Copy copy, String load);
    }

    private BatchingPlots() {}

    static void write(Path folder, Map<String, Outcome> outcomes) throws IOException {
        closedLoops(
                        "Closed loops: share of the raw session's best throughput",
                        "rows/s ÷ limit",
                        outcomes,
                        (outcome, copy, load) ->
                                outcome.median(copy, load, LoadResult::throughputPerSecond) / outcome.limit())
                .write(folder.resolve("batching-efficiency.svg"));
        closedLoops(
                        "Closed loops: throughput",
                        "rows/s",
                        outcomes,
                        (outcome, copy, load) -> outcome.median(copy, load, LoadResult::throughputPerSecond))
                .withLogarithmicAxis()
                .write(folder.resolve("batching-throughput.svg"));
        closedLoops(
                        "Closed loops: 99th percentile of latency",
                        "ms",
                        outcomes,
                        (outcome, copy, load) -> outcome.median(
                                copy, load, result -> result.latency().p99Millis()))
                .withLogarithmicAxis()
                .write(folder.resolve("batching-p99.svg"));
        for (Map.Entry<String, Outcome> each : outcomes.entrySet()) {
            latency(each.getKey(), each.getValue()).write(folder.resolve("batching-latency-" + each.getKey() + ".svg"));
        }
    }

    private static Chart closedLoops(String title, String axis, Map<String, Outcome> outcomes, Height height) {
        List<String> categories = new ArrayList<>();
        outcomes.forEach((name, outcome) -> outcome.loads().stream()
                .filter(BatchingLoads::isClosedLoop)
                .forEach(load -> categories.add(name + " @" + load.replace(" connections", ""))));
        Chart chart = Chart.bars(title, "model @connections", axis, categories);
        for (Copy copy : Copy.values()) {
            chart.with(
                    copy.title(),
                    outcomes.values().stream()
                            .flatMapToDouble(outcome -> outcome.loads().stream()
                                    .filter(BatchingLoads::isClosedLoop)
                                    .mapToDouble(load -> height.of(outcome, copy, load)))
                            .toArray());
        }
        return chart;
    }

    private static Chart latency(String name, Outcome outcome) {
        Chart chart =
                Chart.lines(name + ": latency", "percentile", "ms", PERCENTILES).withLogarithmicAxis();
        String largest = outcome.loads().stream()
                .filter(BatchingLoads::isClosedLoop)
                .reduce((first, second) -> second)
                .orElseThrow();
        for (String load : List.of(BatchingLoads.IDLE, largest, BatchingLoads.SATURATING)) {
            for (Copy copy : Copy.values()) {
                List<ToDoubleFunction<Latency>> measures = List.of(
                        Latency::p50Millis,
                        Latency::p90Millis,
                        Latency::p99Millis,
                        Latency::p999Millis,
                        Latency::maxMillis);
                chart.with(
                        load.replace("open, ", "") + ", " + copy.title(),
                        measures.stream()
                                .mapToDouble(measure ->
                                        outcome.median(copy, load, result -> measure.applyAsDouble(result.latency())))
                                .toArray());
            }
        }
        return chart;
    }
}
