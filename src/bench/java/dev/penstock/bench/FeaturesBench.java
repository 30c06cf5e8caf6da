package dev.penstock.bench;

import ai.onnxruntime.OrtException;
import dev.penstock.features.cache.FeaturesBenchmark;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Measures the cost of feature lookups: the lookups alone, then synchronous calls to the same model through the whole service. The calls
 * alternate between input in the request and input looked up by id, with and without each cache.
 */
final class FeaturesBench {
    private static final Path DIGITS = Path.of("src/main/models/digits/1/model.onnx");
    private static final Path PLOTS = Path.of("target/bench");

    /** Long TTLs. Otherwise all entries would expire together between two turns of a variant, which continuous load never causes. */
    private static final Map<String, String> AGELESS =
            Map.of("penstock.features.refresh-after", "30m", "penstock.features.fresh-for", "30m");

    private static final int WARM_UP_ROWS = 64;
    private static final int WARM_UP_CONNECTIONS = 128;
    private static final int DRAWS_A_LOAD = 1 << 20;
    private static final Duration SETTLE = Duration.ofSeconds(1);

    /**
     * @param variants to call
     * @param lookups settings of the lookups alone; also gives the entities, L1 size and source of all variants
     * @param warmUpSeconds of load on each service, after its caches have seen as many lookups as in the run without a service
     */
    record Settings(
            List<FeatureVariant> variants,
            FeaturesBenchmark.Settings lookups,
            int connections,
            int seconds,
            int warmUpSeconds,
            int rounds) {}

    /**
     * All rounds of a variant.
     *
     * @param batches the mean rows per batch of each round
     */
    record Measured(List<LoadResult> rounds, TierCounts tiers, List<Double> batches) {
        double batch() {
            return batches.stream().mapToDouble(Double::doubleValue).average().orElse(0);
        }

        double throughput() {
            return SyncBench.median(rounds, LoadResult::throughputPerSecond);
        }

        double p99Millis() {
            return SyncBench.median(rounds, result -> result.latency().p99Millis());
        }
    }

    private final Settings settings;
    private final PrintStream out;

    FeaturesBench(Settings settings, PrintStream out) {
        this.settings = settings;
        this.out = out;
    }

    /** Prints the tables, writes the report and the plots, and returns the number of failed lookups and calls. */
    long run() throws IOException, InterruptedException, OrtException {
        Map<FeatureVariant, Measured> calls = calls();
        Map<String, FeaturesBenchmark.Result> lookups =
                settings.lookups().requests() == 0 ? Map.of() : new FeatureLookups(settings.lookups(), out).run();
        out.println();
        out.print(table(calls));
        out.println("median of " + settings.rounds() + " rounds (lowest-highest), " + settings.connections()
                + " connections; every response is checked; L1, Redis, source: share of lookups that this tier answered, the rest"
                + " shared a load; amortised: time in all tiers per lookup");
        FeaturesPlots.write(PLOTS, calls);
        Map<String, Object> results = new LinkedHashMap<>();
        results.put("lookups", lookups);
        results.put("calls", calls);
        out.println("wrote " + Report.now("features", settings, results).write() + " and " + PLOTS + "/features-*.svg");
        return lookups.values().stream()
                        .mapToLong(FeaturesBenchmark.Result::failures)
                        .sum()
                + calls.values().stream()
                        .flatMap(each -> each.rounds().stream())
                        .mapToLong(LoadResult::errors)
                        .sum();
    }

    private Map<FeatureVariant, Measured> calls() throws IOException, InterruptedException, OrtException {
        DigitsCorpus images = DigitsCorpus.load(DIGITS);
        EntityCorpus ids = EntityCorpus.draw(images, settings.lookups().entities());
        Map<FeatureVariant, LocalService> services = new EnumMap<>(FeatureVariant.class);
        try (SlowFeast source = new SlowFeast(images, settings.lookups().sourceMillis())) {
            for (FeatureVariant variant : settings.variants()) {
                out.printf("%s: starting and warming up%n", variant.title());
                if (!services.containsKey(variant.servedBy())) {
                    LocalService service =
                            variant.servedBy().start(source, settings.lookups().l1(), AGELESS, Optional.empty());
                    services.put(variant.servedBy(), service);
                    if (variant != FeatureVariant.SOURCE_ONLY) {
                        warmUpCaches(service.target(), ids, settings.lookups().warmUpRequests());
                    }
                }
                warmUp(
                        variant,
                        service(services, variant).target(),
                        variant == FeatureVariant.RAW ? images : later(ids, 0));
            }
            return rounds(services, images, ids);
        } finally {
            services.values().forEach(LocalService::close);
        }
    }

    private Map<FeatureVariant, Measured> rounds(
            Map<FeatureVariant, LocalService> services, DigitsCorpus images, EntityCorpus ids)
            throws IOException, InterruptedException {
        Map<FeatureVariant, Measured> measured = new EnumMap<>(FeatureVariant.class);
        for (int round = 1; round <= settings.rounds(); round++) {
            for (FeatureVariant variant : settings.variants()) {
                Target target = service(services, variant).target();
                Metrics before = Metrics.scrape(target.management());
                Corpus corpus = variant == FeatureVariant.RAW ? images : later(ids, round);
                LoadResult result = load(variant, target, corpus)
                        .withWarmUp(SETTLE)
                        .withExtent(new HttpLoad.Lasting(Duration.ofSeconds(settings.seconds())))
                        .run();
                Metrics after = Metrics.scrape(target.management());
                TierCounts tiers =
                        TierCounts.of(after, FeatureVariant.VIEW).since(TierCounts.of(before, FeatureVariant.VIEW));
                double batch = BatchSizes.of(after, variant.model()).meanSince(BatchSizes.of(before, variant.model()));
                out.printf(
                        "round %d of %d, %s: %,.0f requests/s, p99 %.1f ms%n",
                        round,
                        settings.rounds(),
                        variant.title(),
                        result.throughputPerSecond(),
                        result.latency().p99Millis());
                measured.merge(variant, new Measured(List.of(result), tiers, List.of(batch)), FeaturesBench::together);
            }
        }
        return measured;
    }

    private static Measured together(Measured some, Measured more) {
        return new Measured(
                joined(some.rounds, more.rounds), some.tiers.plus(more.tiers), joined(some.batches, more.batches));
    }

    private static <T> List<T> joined(List<T> some, List<T> more) {
        return Stream.concat(some.stream(), more.stream()).toList();
    }

    private static LocalService service(Map<FeatureVariant, LocalService> services, FeatureVariant variant) {
        return Objects.requireNonNull(services.get(variant.servedBy()));
    }

    private EntityCorpus later(EntityCorpus ids, int load) {
        return ids.from(settings.lookups().warmUpRequests() + load * DRAWS_A_LOAD);
    }

    private void warmUp(FeatureVariant variant, Target target, Corpus corpus) throws IOException {
        if (settings.warmUpSeconds() > 0) {
            load(variant, target, corpus)
                    .withExtent(new HttpLoad.Lasting(Duration.ofSeconds(settings.warmUpSeconds())))
                    .run();
        }
    }

    /** Warms the caches by requests of many rows, drawn like the measured ones. */
    static void warmUpCaches(Target target, EntityCorpus ids, int lookups) throws IOException {
        PostTemplate post = new PostTemplate(target.infer(FeatureVariant.ALL.model()), List.of());
        HttpLoad.of(target.http(), i -> post.with(ids.rows(i, WARM_UP_ROWS)))
                .withConnections(WARM_UP_CONNECTIONS)
                .withExtent(new HttpLoad.Counting(Math.max(1, lookups / WARM_UP_ROWS)))
                .withPatience(Duration.ofMinutes(2))
                .run();
    }

    private HttpLoad load(FeatureVariant variant, Target target, Corpus corpus) {
        PostTemplate post = new PostTemplate(target.infer(variant.model()), List.of());
        return HttpLoad.of(target.http(), i -> post.with(corpus.body(i)))
                .withCheck((i, status, body) -> corpus.check(i, body))
                .withConnections(settings.connections());
    }

    private static Table table(Map<FeatureVariant, Measured> calls) {
        Table table = new Table(
                "calls",
                "requests/s",
                "of raw",
                "p50 ms",
                "p99 ms",
                "batch",
                "hit ratio",
                "L1",
                "Redis",
                "source",
                "amortised ms",
                "Redis ms",
                "source ms",
                "source calls",
                "errors");
        double raw = Optional.ofNullable(calls.get(FeatureVariant.RAW))
                .map(Measured::throughput)
                .orElse(Double.NaN);
        calls.forEach((variant, each) -> {
            TierCounts tiers = each.tiers();
            table.add(
                    variant.title(),
                    SyncBench.spread("%,.0f", each.rounds(), LoadResult::throughputPerSecond),
                    "%.2f".formatted(each.throughput() / raw),
                    "%.2f"
                            .formatted(SyncBench.median(
                                    each.rounds(), result -> result.latency().p50Millis())),
                    SyncBench.spread(
                            "%.1f", each.rounds(), result -> result.latency().p99Millis()),
                    "%.1f".formatted(each.batch()),
                    "%.3f".formatted(tiers.hitRatio()),
                    "%.3f".formatted(tiers.share(tiers.l1())),
                    "%.3f".formatted(tiers.share(tiers.redis())),
                    "%.3f".formatted(tiers.share(tiers.source())),
                    "%.3f".formatted(tiers.amortisedMillis()),
                    "%.2f".formatted(tiers.redisMillis()),
                    "%.0f".formatted(tiers.sourceMillis()),
                    "%,.0f".formatted(tiers.sourceCalls()),
                    Long.toString(
                            each.rounds().stream().mapToLong(LoadResult::errors).sum()));
        });
        return table;
    }
}
