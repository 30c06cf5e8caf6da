package dev.penstock.bench;

import dev.penstock.features.cache.FeaturesBenchmark;
import dev.penstock.local.EmbeddedRedis;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisOptions;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Measures lookups without a service: with both caches, without Redis, and with an almost empty L1. */
final class FeatureLookups {
    private final FeaturesBenchmark.Settings settings;
    private final PrintStream out;

    FeatureLookups(FeaturesBenchmark.Settings settings, PrintStream out) {
        this.settings = settings;
        this.out = out;
    }

    /** Prints the table. */
    Map<String, FeaturesBenchmark.Result> run() throws InterruptedException {
        Map<String, FeaturesBenchmark.Result> results = new LinkedHashMap<>();
        results.put("L1, Redis, source", measure(settings, true));
        results.put("L1, source", measure(settings, false));
        results.put("Redis, source", measure(withoutL1(), true));
        Table table = new Table(
                "features",
                "requests/s",
                "p50 ms",
                "p99 ms",
                "max ms",
                "mean ms",
                "amortised ms",
                "L1",
                "shared",
                "Redis",
                "source",
                "source calls",
                "errors");
        results.forEach((name, result) -> table.add(
                name,
                "%,.0f".formatted(result.requestsPerSecond()),
                "%.3f".formatted(result.p50Millis()),
                "%.1f".formatted(result.p99Millis()),
                "%.1f".formatted(result.maxMillis()),
                "%.2f".formatted(result.meanMillis()),
                "%.4f".formatted(result.amortisedMillis()),
                "%.3f".formatted(result.l1HitRatio()),
                "%.3f".formatted(result.sharedRatio()),
                "%.3f".formatted(result.redisHitRatio()),
                "%.3f".formatted(result.sourceRatio()),
                "%,d".formatted(result.sourceCalls()),
                Long.toString(result.failures())));
        out.println();
        out.print(table);
        out.println(
                "L1, Redis, source: share of requests that this tier answered; shared: repeated within a poll, or already loading;"
                        + " latency per distinct entity of a poll; amortised: wall time per request");
        return results;
    }

    private FeaturesBenchmark.Result measure(FeaturesBenchmark.Settings each, boolean withRedis)
            throws InterruptedException {
        if (!withRedis) {
            return new FeaturesBenchmark(each, Optional.empty()).run();
        }
        Vertx vertx = Vertx.vertx();
        try (EmbeddedRedis server = EmbeddedRedis.start()) {
            Redis redis = Redis.createClient(
                    vertx, new RedisOptions().setConnectionString(server.url()).setMaxPoolSize(16));
            try {
                return new FeaturesBenchmark(each, Optional.of(redis)).run();
            } finally {
                redis.close();
            }
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().join();
        }
    }

    private FeaturesBenchmark.Settings withoutL1() {
        return new FeaturesBenchmark.Settings(
                settings.entities(),
                1,
                settings.sourceMillis(),
                settings.poll(),
                settings.polls(),
                settings.warmUpRequests(),
                settings.requests());
    }
}
