package dev.penstock.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.DoubleSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Measures synchronous calls: idle latency, closed loops over a growing number of connections, and an open loop. */
final class SyncBench {
    /** A short warm-up per measurement, for its new connections; the service itself is warm by then. */
    private static final Duration SETTLE = Duration.ofSeconds(1);

    private static final int OPEN_LOOP_CONNECTIONS = 256;

    /** @param ratePerSecond the rate of the open loop */
    record Settings(
            String model, List<Integer> connections, int ratePerSecond, int seconds, int warmUpSeconds, int rounds) {}

    private final HttpLoad load;
    private final HttpLoad patient;
    private final Settings settings;
    private final PrintStream out;

    SyncBench(Target target, Corpus corpus, Settings settings, PrintStream out) {
        this.load = load(target, corpus, settings, List.of());
        this.patient = load(target, corpus, settings, List.of("Prefer: respond-async, wait=10"));
        this.settings = settings;
        this.out = out;
    }

    private static HttpLoad load(Target target, Corpus corpus, Settings settings, List<String> headers) {
        PostTemplate post = new PostTemplate(target.infer(settings.model()), headers);
        return HttpLoad.of(target.http(), i -> post.with(corpus.body(i)))
                .withCheck((i, status, body) -> corpus.check(i, body));
    }

    /** Prints the table, writes the report, and returns the number of errors. */
    long run() throws IOException {
        warmUp();
        Map<String, List<LoadResult>> rounds = new LinkedHashMap<>();
        for (int round = 1; round <= settings.rounds(); round++) {
            for (Map.Entry<String, HttpLoad> measurement : measurements().entrySet()) {
                out.printf("round %d of %d: %s%n", round, settings.rounds(), measurement.getKey());
                rounds.computeIfAbsent(measurement.getKey(), name -> new ArrayList<>())
                        .add(measurement.getValue().run());
            }
        }
        out.println();
        out.print(table(rounds));
        out.println("median of " + settings.rounds()
                + " rounds (lowest-highest); every response is checked; the open loop"
                + " measures latency from the intended start");
        out.println("wrote " + Report.now("sync", settings, rounds).write());
        return rounds.values().stream()
                .flatMap(List::stream)
                .mapToLong(LoadResult::errors)
                .sum();
    }

    /** Warms up at the largest load, so that the JIT has compiled all measured code. */
    private void warmUp() throws IOException {
        if (settings.warmUpSeconds() > 0) {
            int connections = Collections.max(settings.connections());
            out.printf("warm-up: %d s at %d connections%n", settings.warmUpSeconds(), connections);
            load.withConnections(connections)
                    .withExtent(new HttpLoad.Lasting(Duration.ofSeconds(settings.warmUpSeconds())))
                    .run();
        }
    }

    private Map<String, HttpLoad> measurements() {
        HttpLoad measured = lasting(load);
        Map<String, HttpLoad> measurements = new LinkedHashMap<>();
        for (int connections : settings.connections()) {
            String name = connections == 1 ? "1 connection" : connections + " connections";
            measurements.put(name, measured.withConnections(connections));
            if (connections == 1) {
                measurements.put("1, respond-async, wait=10", lasting(patient));
            }
        }
        measurements.put(
                "open loop, " + settings.ratePerSecond() + "/s",
                measured.withConnections(OPEN_LOOP_CONNECTIONS)
                        .withPace(new HttpLoad.OpenLoop(settings.ratePerSecond())));
        return measurements;
    }

    private HttpLoad lasting(HttpLoad endless) {
        return endless.withWarmUp(SETTLE).withExtent(new HttpLoad.Lasting(Duration.ofSeconds(settings.seconds())));
    }

    private static Table table(Map<String, List<LoadResult>> rounds) {
        Table table = new Table(
                "sync", "requests/s", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms", "mean ms", "errors");
        rounds.forEach((name, results) -> table.add(
                name,
                spread("%,.0f", results, LoadResult::throughputPerSecond),
                spread("%.2f", results, result -> result.latency().p50Millis()),
                median("%.2f", results, result -> result.latency().p90Millis()),
                spread("%.2f", results, result -> result.latency().p99Millis()),
                median("%.2f", results, result -> result.latency().p999Millis()),
                median("%.1f", results, result -> result.latency().maxMillis()),
                median("%.2f", results, result -> result.latency().meanMillis()),
                Long.toString(results.stream().mapToLong(LoadResult::errors).sum())));
        return table;
    }

    /** Formats the median, with the lowest and the highest if there are several values. */
    static <T> String spread(String form, List<T> rounds, ToDoubleFunction<T> measure) {
        DoubleSummaryStatistics all = rounds.stream().mapToDouble(measure).summaryStatistics();
        String median = median(form, rounds, measure);
        return rounds.size() == 1
                ? median
                : median + (" (" + form + "-" + form + ")").formatted(all.getMin(), all.getMax());
    }

    private static <T> String median(String form, List<T> rounds, ToDoubleFunction<T> measure) {
        return form.formatted(median(rounds, measure));
    }

    static <T> double median(List<T> rounds, ToDoubleFunction<T> measure) {
        double[] sorted = rounds.stream().mapToDouble(measure).sorted().toArray();
        return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }
}
