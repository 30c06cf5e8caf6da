package dev.penstock.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import ai.onnxruntime.OrtException;
import dev.penstock.protocol.Sha256;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.ToDoubleFunction;

/**
 * Measures the effect of a noisy tenant on the latency of a quiet one. The noisy tenant is silent, within its quota, or far above it. The
 * generator of the noise uses the same cores. For comparison, the excess over the quota is therefore also sent elsewhere, to a server that
 * refuses it at almost no cost.
 */
final class TenantsBench {
    private static final Path MODELS = Path.of("src/main/models");
    private static final Path DIGITS = MODELS.resolve("digits/1/model.onnx");
    private static final Path TENANTS = Path.of("target/bench/tenants.yaml");
    private static final String QUIET_KEY = "the quiet tenant's key";
    private static final String NOISY_KEY = "the noisy tenant's key";
    private static final int CONNECTIONS = 64;

    /** The noise starts before the measurement, to use up the burst of its quota, and ends after it. */
    private static final Duration LEAD = Duration.ofSeconds(3);

    /**
     * @param quotaPerSecond quota of the noisy tenant, in requests per second
     * @param factors the loads of the noisy tenant, as multiples of its quota
     * @param quietPerSecond rate of the quiet tenant, in calls per second
     */
    record Settings(
            int quotaPerSecond,
            List<Integer> factors,
            int quietPerSecond,
            int seconds,
            int warmUpSeconds,
            int rounds) {}

    /** @param noisy empty when the noisy tenant was silent */
    record Round(LoadResult quiet, List<LoadResult> noisy) {}

    /**
     * The load beside the quiet tenant, in multiples of the noisy tenant's quota.
     *
     * @param here sent to the service
     * @param elsewhere sent to another server
     */
    private record Noise(int here, int elsewhere) {
        String title() {
            return here == 0
                    ? "silent"
                    : "noisy at " + here + " x quota" + (elsewhere == 0 ? "" : ", " + elsewhere + " x elsewhere");
        }
    }

    private final Settings settings;
    private final PrintStream out;

    TenantsBench(Settings settings, PrintStream out) {
        this.settings = settings;
        this.out = out;
    }

    /** Prints the table, writes the report, and returns the number of failed calls of the quiet tenant. */
    long run() throws IOException, OrtException, InterruptedException {
        Corpus corpus = DigitsCorpus.load(DIGITS);
        Map<String, List<Round>> rounds = new LinkedHashMap<>();
        Map<String, String> identity = Map.of(
                "penstock.tenants.identity",
                "api-key",
                "penstock.tenants.file",
                tenants().toAbsolutePath().toString());
        LocalService.Setup setup =
                new LocalService.Setup(MODELS, List.of("/v2/health/ready"), identity, Optional.empty(), "service");
        try (LocalService service = LocalService.start(setup);
                ExecutorService threads = Executors.newCachedThreadPool();
                ScriptedServer elsewhere = elsewhere(service.target(), corpus)) {
            HttpLoad quiet = load(service.target(), corpus, QUIET_KEY);
            HttpLoad noisy = load(service.target(), corpus, NOISY_KEY);
            PostTemplate post = post(service.target(), NOISY_KEY);
            HttpLoad away = HttpLoad.of(elsewhere.uri(), i -> post.with(corpus.body(0)));
            quiet.withConnections(CONNECTIONS)
                    .withExtent(lasting(Duration.ofSeconds(settings.warmUpSeconds())))
                    .run();
            for (int round = 1; round <= settings.rounds(); round++) {
                for (Noise noise : noises()) {
                    out.printf("round %d of %d: %s%n", round, settings.rounds(), noise.title());
                    rounds.computeIfAbsent(noise.title(), title -> new ArrayList<>())
                            .add(measure(quiet, noisy, away, noise, threads));
                }
            }
        }
        out.println();
        out.print(table(rounds));
        out.println("the quiet tenant sends " + settings.quietPerSecond() + "/s; the noisy tenant has a quota of "
                + settings.quotaPerSecond() + "/s; median of " + settings.rounds()
                + " alternating rounds (lowest-highest); latency from the intended start");
        out.println("wrote " + Report.now("tenants", settings, rounds).write());
        return rounds.values().stream()
                .flatMap(List::stream)
                .mapToLong(round -> round.quiet().errors())
                .sum();
    }

    private List<Noise> noises() {
        List<Noise> noises = new ArrayList<>();
        for (int factor : settings.factors()) {
            if (factor > 1) {
                noises.add(new Noise(1, factor - 1));
            }
            noises.add(new Noise(factor, 0));
        }
        return noises;
    }

    private Round measure(HttpLoad quiet, HttpLoad noisy, HttpLoad away, Noise noise, ExecutorService threads)
            throws IOException {
        HttpLoad measured = quiet.withConnections(CONNECTIONS)
                .withPace(new HttpLoad.OpenLoop(settings.quietPerSecond()))
                .withWarmUp(LEAD)
                .withExtent(lasting(Duration.ofSeconds(settings.seconds())));
        Optional<CompletableFuture<LoadResult>> here = start(noisy, noise.here(), threads);
        Optional<CompletableFuture<LoadResult>> elsewhere = start(away, noise.elsewhere(), threads);
        LoadResult result = measured.run();
        elsewhere.ifPresent(CompletableFuture::join);
        return new Round(result, here.map(CompletableFuture::join).stream().toList());
    }

    private Optional<CompletableFuture<LoadResult>> start(HttpLoad noise, int factor, ExecutorService threads) {
        if (factor == 0) {
            return Optional.empty();
        }
        HttpLoad load = noise.withConnections(CONNECTIONS)
                .withPace(new HttpLoad.OpenLoop((double) factor * settings.quotaPerSecond()))
                .withExtent(lasting(LEAD.plusSeconds(settings.seconds() + 1)));
        return Optional.of(CompletableFuture.supplyAsync(() -> run(load), threads));
    }

    private static ScriptedServer elsewhere(Target target, Corpus corpus) throws IOException {
        ScriptedServer.Act refusal = new ScriptedServer.Answer(
                "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n");
        return new ScriptedServer(post(target, NOISY_KEY).with(corpus.body(0)).length, n -> refusal);
    }

    private static LoadResult run(HttpLoad load) {
        try {
            return load.run();
        } catch (IOException broken) {
            throw new CompletionException(broken);
        }
    }

    private static HttpLoad load(Target target, Corpus corpus, String key) {
        PostTemplate post = post(target, key);
        return HttpLoad.of(target.http(), i -> post.with(corpus.body(i)))
                .withCheck((i, status, body) -> corpus.check(i, body));
    }

    private static PostTemplate post(Target target, String key) {
        return new PostTemplate(target.infer("digits"), List.of("X-API-Key: " + key));
    }

    private static HttpLoad.Lasting lasting(Duration duration) {
        return new HttpLoad.Lasting(duration);
    }

    private Path tenants() throws IOException {
        Files.createDirectories(TENANTS.getParent());
        return Files.writeString(TENANTS, """
                tenants:
                  quiet:
                    keys: [%s]
                    quota: {unlimited: true}
                  noisy:
                    keys: [%s]
                    quota: {requests_per_second: %d}
                """.formatted(hash(QUIET_KEY), hash(NOISY_KEY), settings.quotaPerSecond()));
    }

    private static String hash(String key) {
        return Sha256.hex(key.getBytes(UTF_8));
    }

    private static Table table(Map<String, List<Round>> rounds) {
        Table table =
                new Table("tenants", "quiet p50 ms", "quiet p99 ms", "quiet errors", "noisy answered/s", "noisy 429/s");
        rounds.forEach((name, all) -> table.add(
                name,
                spread(all, round -> round.quiet().latency().p50Millis()),
                spread(all, round -> round.quiet().latency().p99Millis()),
                Long.toString(
                        all.stream().mapToLong(round -> round.quiet().errors()).sum()),
                spread(all, round -> perSecond(round, LoadResult::succeeded)),
                spread(
                        all,
                        round -> perSecond(
                                round, result -> result.otherStatuses().getOrDefault("429", 0L)))));
        return table;
    }

    private static double perSecond(Round round, ToDoubleFunction<LoadResult> count) {
        return round.noisy().stream()
                .mapToDouble(result -> count.applyAsDouble(result) / result.elapsedSeconds())
                .sum();
    }

    private static String spread(List<Round> rounds, ToDoubleFunction<Round> value) {
        double[] sorted = rounds.stream().mapToDouble(value).sorted().toArray();
        double median = (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
        return "%.1f (%.1f-%.1f)".formatted(median, sorted[0], sorted[sorted.length - 1]);
    }
}
