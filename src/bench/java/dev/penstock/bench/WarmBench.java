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
import java.util.concurrent.TimeUnit;

/**
 * Measures what a service does in its first seconds of load, beside what the same service does when it is warm. Each measurement has a
 * service of its own, which nobody called before; those after a training, with the warm-up alone, and without it alternate. The load
 * generator is warm before the first of them.
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

    /** The load generator calls an endpoint in place for so long before it measures. */
    private static final int PREPARING_SECONDS = 15;

    /**
     * @param contenders as {@code bench cost} names them
     * @param idleSeconds from ready to the first call, where all is one process
     * @param ratePerSecond of the calls where the roles are apart
     * @param loadSeconds of the closed loop between the two measurements
     */
    record Settings(
            List<String> contenders,
            int connections,
            int idleSeconds,
            int ratePerSecond,
            int seconds,
            int loadSeconds,
            int rounds) {}

    /**
     * The first seconds of a service, and its warm state.
     *
     * @param readySeconds from the start of its processes until all are ready
     */
    record Start(double readySeconds, LoadResult first, LoadResult warm) {}

    private final Settings settings;
    private final Corpus corpus;
    private final PrintStream out;

    WarmBench(Settings settings, Corpus corpus, PrintStream out) {
        this.settings = settings;
        this.corpus = corpus;
        this.out = out;
    }

    /** Prints a table of each contender, writes the report, and returns the number of errors. */
    long run() throws IOException, InterruptedException {
        prepare();
        Map<String, Map<String, List<Start>>> results = new LinkedHashMap<>();
        for (String contender : settings.contenders()) {
            Map<String, List<Start>> starts = measure(contender);
            results.put(contender, starts);
            out.println();
            out.print(table(contender, starts));
        }
        out.println("median of " + settings.rounds() + " rounds (lowest-highest); every response is checked");
        out.println("wrote " + Report.now("warm", settings, results).write());
        return results.values().stream()
                .flatMap(starts -> starts.values().stream())
                .flatMap(List::stream)
                .mapToLong(start -> start.first().errors() + start.warm().errors())
                .sum();
    }

    private void prepare() throws IOException, InterruptedException {
        try (Contender endpoint = Contenders.inPlace("in place", MODELS, MODEL)) {
            closedLoop(endpoint.target()).withExtent(seconds(PREPARING_SECONDS)).run();
        }
    }

    private Map<String, List<Start>> measure(String contender) throws IOException, InterruptedException {
        Map<String, List<Start>> starts = new LinkedHashMap<>();
        List<String> variants = variants();
        for (int round = 1; round <= settings.rounds(); round++) {
            for (String variant : round % 2 == 0 ? variants.reversed() : variants) {
                out.printf("%s, round %d of %d: %s%n", contender, round, settings.rounds(), variant);
                Start start = contender.equals(Contenders.APART) ? apart(variant) : together(variant);
                starts.computeIfAbsent(variant, first -> new ArrayList<>()).add(start);
            }
        }
        return starts;
    }

    private List<String> variants() throws IOException {
        Path jar = ChildProcess.PACKAGE.resolve("quarkus-run.jar");
        if (Files.exists(LEARNT) && Files.getLastModifiedTime(LEARNT).compareTo(Files.getLastModifiedTime(jar)) > 0) {
            return List.of(TRAINED, WITH, WITHOUT);
        }
        out.println("without a training of this build: ./penstock up --train");
        return List.of(WITH, WITHOUT);
    }

    /** A closed loop some time after the service is ready, as {@code up} says it: the service warms up in that time. */
    private Start together(String variant) throws IOException, InterruptedException {
        long startNanos = System.nanoTime();
        try (Contender service = Contenders.together("warm", build(variant), MODELS, warmUp(variant, "after-ready"))) {
            double readySeconds = secondsSince(startNanos);
            TimeUnit.SECONDS.sleep(settings.idleSeconds());
            return measure(readySeconds, service.target(), closedLoop(service.target()));
        }
    }

    /** An open loop from the moment in which all processes are ready, for which they wait until they are warm. */
    private Start apart(String variant) throws IOException, InterruptedException {
        long startNanos = System.nanoTime();
        try (Contender service =
                Contenders.apart("warm", build(variant), MODELS, MODEL, warmUp(variant, "before-ready"))) {
            double readySeconds = secondsSince(startNanos);
            HttpLoad paced = closedLoop(service.target()).withPace(new HttpLoad.OpenLoop(settings.ratePerSecond()));
            return measure(readySeconds, service.target(), paced);
        }
    }

    private Start measure(double readySeconds, Target target, HttpLoad load) throws IOException {
        LoadResult first = load.withExtent(seconds(settings.seconds())).run();
        if (settings.loadSeconds() > 0) {
            closedLoop(target).withExtent(seconds(settings.loadSeconds())).run();
        }
        return new Start(
                readySeconds,
                first,
                load.withExtent(seconds(settings.seconds())).run());
    }

    private HttpLoad closedLoop(Target target) {
        PostTemplate post = new PostTemplate(target.infer(MODEL), List.of());
        return HttpLoad.of(target.http(), i -> post.with(corpus.body(i)))
                .withCheck((i, status, body) -> corpus.check(i, body))
                .withConnections(settings.connections());
    }

    private static Contenders.Build build(String variant) {
        return new Contenders.Build(ChildProcess.PACKAGE, variant.equals(TRAINED) ? AS_TRAINED : List.of(), "warm");
    }

    private static Map<String, String> warmUp(String variant, String when) {
        return Map.of("penstock.warm-up.when", variant.equals(WITHOUT) ? "off" : when);
    }

    private static HttpLoad.Lasting seconds(int seconds) {
        return new HttpLoad.Lasting(Duration.ofSeconds(seconds));
    }

    private static double secondsSince(long nanos) {
        return (System.nanoTime() - nanos) / 1e9;
    }

    private static Table table(String contender, Map<String, List<Start>> starts) {
        Table table = new Table(
                contender,
                "ready s",
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
                    SyncBench.spread("%.0f", each, Start::readySeconds),
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
