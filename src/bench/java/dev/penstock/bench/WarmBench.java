package dev.penstock.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Measures what a service does in its first seconds of load, beside what the same service does when it is warm. Each measurement has a
 * service of its own, which nobody called before; those after a training, with the warm-up alone, and without it alternate.
 */
final class WarmBench {
    private static final String MODEL = "digits";
    private static final Path MODELS = Path.of("src/main/models");
    private static final String WITH = "with the warm-up";
    private static final String WITHOUT = "without";
    private static final String TRAINED = "trained, with the warm-up";

    /** What {@code ./penstock up --train} leaves. */
    private static final Path LEARNT = Path.of("target/up.aot");

    /** As the launcher starts a trained build. */
    private static final List<String> AS_TRAINED =
            List.of("-XX:AOTCache=" + LEARNT, "-Xlog:aot*=error", "-XX:InlineSmallCode=1000", "-XX:FreqInlineSize=150");

    /**
     * @param idleSeconds from ready to the first call
     * @param loadSeconds between the two measurements
     */
    record Settings(int connections, int idleSeconds, int seconds, int loadSeconds, int rounds) {}

    /** The first seconds of a service, and its warm state. */
    record Start(LoadResult first, LoadResult warm) {}

    private final Settings settings;
    private final Corpus corpus;
    private final PrintStream out;

    WarmBench(Settings settings, Corpus corpus, PrintStream out) {
        this.settings = settings;
        this.corpus = corpus;
        this.out = out;
    }

    /** Prints the table, writes the report, and returns the number of errors. */
    long run() throws IOException, InterruptedException {
        Map<String, List<Start>> starts = new LinkedHashMap<>();
        List<String> variants = variants();
        for (int round = 1; round <= settings.rounds(); round++) {
            for (String variant : round % 2 == 0 ? variants.reversed() : variants) {
                out.printf("round %d of %d: %s%n", round, settings.rounds(), variant);
                starts.computeIfAbsent(variant, first -> new ArrayList<>()).add(start(variant));
            }
        }
        out.println();
        out.print(table(starts));
        out.println("median of " + settings.rounds() + " rounds (lowest-highest); every response is checked");
        out.println("wrote " + Report.now("warm", settings, starts).write());
        return starts.values().stream()
                .flatMap(List::stream)
                .mapToLong(start -> start.first().errors() + start.warm().errors())
                .sum();
    }

    private List<String> variants() throws IOException {
        Path jar = ChildProcess.PACKAGE.resolve("quarkus-run.jar");
        if (Files.exists(LEARNT) && Files.getLastModifiedTime(LEARNT).compareTo(Files.getLastModifiedTime(jar)) > 0) {
            return List.of(TRAINED, WITH, WITHOUT);
        }
        out.println("without a training of this build: ./penstock up --train");
        return List.of(WITH, WITHOUT);
    }

    private Start start(String variant) throws IOException, InterruptedException {
        LocalService.Setup setup = new LocalService.Setup(
                MODELS,
                List.of("/v2/models/" + MODEL + "/ready"),
                Map.of("penstock.warm-up.when", variant.equals(WITHOUT) ? "off" : "after-ready"),
                Optional.empty(),
                "warm");
        List<String> jvm = variant.equals(TRAINED) ? AS_TRAINED : List.of();
        try (LocalService service = LocalService.start(setup, jvm)) {
            TimeUnit.SECONDS.sleep(settings.idleSeconds());
            PostTemplate post = new PostTemplate(service.target().infer(MODEL), List.of());
            HttpLoad load = HttpLoad.of(service.target().http(), i -> post.with(corpus.body(i)))
                    .withCheck((i, status, body) -> corpus.check(i, body))
                    .withConnections(settings.connections());
            LoadResult first = lasting(load, settings.seconds()).run();
            if (settings.loadSeconds() > 0) {
                lasting(load, settings.loadSeconds()).run();
            }
            return new Start(first, lasting(load, settings.seconds()).run());
        }
    }

    private static HttpLoad lasting(HttpLoad load, int seconds) {
        return load.withExtent(new HttpLoad.Lasting(Duration.ofSeconds(seconds)));
    }

    private static Table table(Map<String, List<Start>> starts) {
        Table table = new Table(
                "warm",
                "first requests/s",
                "warm requests/s",
                "ratio",
                "first p99 ms",
                "warm p99 ms",
                "ratio",
                "errors");
        starts.forEach((variant, each) -> {
            List<LoadResult> first = each.stream().map(Start::first).toList();
            List<LoadResult> warm = each.stream().map(Start::warm).toList();
            table.add(
                    variant,
                    SyncBench.spread("%,.0f", first, LoadResult::throughputPerSecond),
                    SyncBench.spread("%,.0f", warm, LoadResult::throughputPerSecond),
                    "%.2f"
                            .formatted(SyncBench.median(first, LoadResult::throughputPerSecond)
                                    / SyncBench.median(warm, LoadResult::throughputPerSecond)),
                    SyncBench.spread("%.1f", first, TuningBench::p99),
                    SyncBench.spread("%.1f", warm, TuningBench::p99),
                    "%.1f"
                            .formatted(SyncBench.median(first, TuningBench::p99)
                                    / SyncBench.median(warm, TuningBench::p99)),
                    Long.toString(first.stream().mapToLong(LoadResult::errors).sum()
                            + warm.stream().mapToLong(LoadResult::errors).sum()));
        });
        return table;
    }
}
