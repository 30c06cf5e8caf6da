package dev.penstock.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * What the way over an edge costs: a centre and an edge side by side, without distance. One caller calls the centre itself, then
 * the centre with an idempotency key, as an edge does, and then the edge, in turns.
 */
final class HopBench {
    private static final int CALL_MILLIS = 5000;
    private static final int ROUNDS = 3;

    private final int seconds;
    private final int warmUpSeconds;
    private final DigitsCorpus corpus;
    private final PrintStream out;

    /**
     * @param seconds of the rounds of one load together
     * @param warmUpSeconds of each load
     */
    HopBench(int seconds, int warmUpSeconds, DigitsCorpus corpus, PrintStream out) {
        this.seconds = seconds;
        this.warmUpSeconds = warmUpSeconds;
        this.corpus = corpus;
        this.out = out;
    }

    /** Prints the table, writes the report, and returns the number of errors. */
    long run() throws IOException, InterruptedException {
        try (EdgeStacks stacks = new EdgeStacks();
                LocalService centre = stacks.centre();
                LocalService edge =
                        stacks.edge(EdgeVariant.CENTRE, centre.target().http(), CALL_MILLIS)) {
            Map<String, HttpLoad> loads = new LinkedHashMap<>();
            loads.put("centre", load(centre.target().http(), false));
            loads.put("centre, with a key", load(centre.target().http(), true));
            loads.put("edge", load(edge.target().http(), false));
            return measure(loads);
        }
    }

    private long measure(Map<String, HttpLoad> loads) throws IOException {
        Map<String, List<LoadResult>> rounds = new LinkedHashMap<>();
        for (HttpLoad load : loads.values()) {
            if (warmUpSeconds > 0) {
                load.withExtent(new HttpLoad.Lasting(Duration.ofSeconds(warmUpSeconds)))
                        .run();
            }
        }
        Duration part = Duration.ofSeconds(Math.max(1, seconds / ROUNDS));
        for (int round = 1; round <= ROUNDS; round++) {
            for (Map.Entry<String, HttpLoad> load : loads.entrySet()) {
                out.printf("round %d of %d: %s%n", round, ROUNDS, load.getKey());
                rounds.computeIfAbsent(load.getKey(), name -> new ArrayList<>())
                        .add(load.getValue()
                                .withExtent(new HttpLoad.Lasting(part))
                                .run());
            }
        }
        out.println();
        out.print(table(rounds));
        out.println("medians of " + ROUNDS + " rounds (lowest-highest), one caller");
        out.println("wrote "
                + Report.now("hop", Map.of("seconds", seconds, "warmUpSeconds", warmUpSeconds), rounds)
                        .write());
        return rounds.values().stream()
                .flatMap(List::stream)
                .mapToLong(LoadResult::errors)
                .sum();
    }

    /** @param rounds that of the centre first */
    private static Table table(Map<String, List<LoadResult>> rounds) {
        Table table = new Table("", "calls/s", "p50 ms", "p99 ms", "over the centre, ms", "errors");
        double centre = median(rounds.values().iterator().next());
        rounds.forEach((name, results) -> table.add(
                name,
                SyncBench.spread("%,.0f", results, LoadResult::throughputPerSecond),
                SyncBench.spread("%.2f", results, result -> result.latency().p50Millis()),
                SyncBench.spread("%.2f", results, result -> result.latency().p99Millis()),
                "%.2f".formatted(median(results) - centre),
                Long.toString(results.stream().mapToLong(LoadResult::errors).sum())));
        return table;
    }

    private static double median(List<LoadResult> results) {
        return SyncBench.median(results, result -> result.latency().p50Millis());
    }

    private HttpLoad load(URI to, boolean hasKeys) {
        URI infer = to.resolve("/v2/models/" + EdgeStacks.FAR + "/infer");
        PostTemplate plain = new PostTemplate(infer, List.of());
        HttpLoad load =
                HttpLoad.of(to, i -> hasKeys ? withKey(infer).with(corpus.body(i)) : plain.with(corpus.body(i)));
        return load.withCheck((i, status, body) -> corpus.check(i, body));
    }

    private static PostTemplate withKey(URI infer) {
        return new PostTemplate(infer, List.of("Idempotency-Key: \"" + UUID.randomUUID() + '"'));
    }
}
