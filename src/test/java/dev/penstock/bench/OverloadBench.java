package dev.penstock.bench;

import ai.onnxruntime.OrtException;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the gate is worth: a model whose capacity is far below what the ingress can take, offered more and more of it. Served one by one,
 * so that its capacity does not grow with the load.
 */
final class OverloadBench {
    private static final Path PLOT = Path.of("target/bench/overload.svg");
    private static final int PEAK_CONNECTIONS = 64;
    private static final int OPEN_LOOP_CONNECTIONS = 2000;
    private static final Duration LEARNS = Duration.ofSeconds(2);
    private static final Duration BACK_TO_NORMAL = Duration.ofSeconds(5);
    private static final String AFTER = "0.5 x peak, from 5 s after";

    /**
     * @param factors of the peak that are offered
     * @param deadlineMillis of each call
     * @param warmUpSeconds of load before the peak is measured
     */
    record Settings(String model, List<Integer> factors, int deadlineMillis, int seconds, int warmUpSeconds) {}

    private final Settings settings;
    private final PrintStream out;

    OverloadBench(Settings settings, PrintStream out) {
        this.settings = settings;
        this.out = out;
    }

    /** Prints the table, writes report and plot, and gives the number of answers that are neither right nor an honest refusal. */
    long run() throws IOException, OrtException, InterruptedException {
        Workload workload = Workload.named(settings.model());
        WorkloadCorpus corpus = new WorkloadCorpus(workload, workload.binary());
        String model = BatchingBench.Copy.ONE_BY_ONE.model(workload);
        Map<String, LoadResult> results = new LinkedHashMap<>();
        List<String> memory = new ArrayList<>();
        try (LocalService service =
                LocalService.start(LocalService.Setup.of(BatchingBench.serve(workload), List.of(model)))) {
            HttpLoad load = load(service.target(), model, corpus);
            HttpLoad closed = load.withConnections(PEAK_CONNECTIONS);
            closed.withExtent(lasting(settings.warmUpSeconds())).run();
            LoadResult peak = closed.withExtent(lasting(settings.seconds())).run();
            results.put("peak, " + PEAK_CONNECTIONS + " connections", peak);
            double rate = peak.throughputPerSecond();
            HttpLoad open = load.withConnections(OPEN_LOOP_CONNECTIONS);
            for (int factor : settings.factors()) {
                results.put(
                        factor + " x peak",
                        open.withPace(new HttpLoad.OpenLoop(rate * factor))
                                .withWarmUp(LEARNS)
                                .withExtent(lasting(settings.seconds()))
                                .run());
                memory.add("%d MB at %d x".formatted(service.residentBytes() >> 20, factor));
            }
            results.put(
                    AFTER,
                    open.withPace(new HttpLoad.OpenLoop(rate / 2))
                            .withWarmUp(BACK_TO_NORMAL)
                            .withExtent(lasting(settings.seconds()))
                            .run());
        }
        out.println();
        out.print(table(results));
        out.println("deadline " + settings.deadlineMillis()
                + " ms; latency from the intended start; goodput is right answers"
                + " within the deadline; resident memory " + String.join(", ", memory));
        plot(results);
        out.println("written to " + Report.now("overload", settings, results).write() + " and " + PLOT);
        return results.values().stream()
                .mapToLong(result -> result.errors() - result.otherStatuses().getOrDefault("503", 0L))
                .sum();
    }

    private HttpLoad load(Target target, String model, WorkloadCorpus corpus) {
        URI uri = target.infer(model);
        List<String> deadline = List.of("Penstock-Timeout-Ms: " + settings.deadlineMillis());
        PostTemplate post = corpus.isBinary()
                ? PostTemplate.binary(uri, corpus.jsonLength(), deadline)
                : new PostTemplate(uri, deadline);
        return HttpLoad.of(target.http(), i -> post.with(corpus.body(i)))
                .withCheck((i, status, body) -> corpus.check(i, body));
    }

    private static HttpLoad.Lasting lasting(int seconds) {
        return new HttpLoad.Lasting(Duration.ofSeconds(seconds));
    }

    private static Table table(Map<String, LoadResult> results) {
        Table table = new Table(
                "overload",
                "goodput/s",
                "refused/s",
                "too late/s",
                "p50 ms",
                "p99 ms",
                "refused p50 ms",
                "refused p99 ms",
                "other errors");
        results.forEach((name, result) -> table.add(
                name,
                "%,.0f".formatted(result.throughputPerSecond()),
                "%,.0f".formatted(perSecond(result, "503")),
                "%,.0f".formatted(perSecond(result, "504")),
                "%.1f".formatted(result.latency().p50Millis()),
                "%.1f".formatted(result.latency().p99Millis()),
                "%.1f".formatted(result.otherLatency().p50Millis()),
                "%.1f".formatted(result.otherLatency().p99Millis()),
                Long.toString(result.wrong() + result.ioErrors() + result.unanswered())));
        return table;
    }

    private static double perSecond(LoadResult result, String status) {
        return result.otherStatuses().getOrDefault(status, 0L) / result.elapsedSeconds();
    }

    private static void plot(Map<String, LoadResult> results) throws IOException {
        Chart chart =
                Chart.bars("Overload: what becomes of the calls", "offered", "calls/s", List.copyOf(results.keySet()));
        chart.with(
                "answered in time",
                results.values().stream()
                        .mapToDouble(LoadResult::throughputPerSecond)
                        .toArray());
        chart.with(
                "refused",
                results.values().stream()
                        .mapToDouble(result -> perSecond(result, "503"))
                        .toArray());
        chart.with(
                "too late",
                results.values().stream()
                        .mapToDouble(result -> perSecond(result, "504"))
                        .toArray());
        chart.write(PLOT);
    }
}
