package dev.penstock.features.cache;

import dev.penstock.features.source.FeatureSource;
import dev.penstock.features.vector.EntityKey;
import dev.penstock.features.vector.FeatureVector;
import dev.penstock.features.vector.FeatureView;
import dev.penstock.features.vector.SourceResult;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.redis.client.Redis;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/** Measures lookups against a slow source, with entities drawn by Zipf's law and grouped as in the polls of a worker. */
public final class FeaturesBenchmark {
    private static final int FEATURES = 64;
    private static final long SEED = 1;
    private static final int SOURCE_THREADS = 2;

    /**
     * @param entities the number of entities to draw from, by Zipf's law with exponent 1
     * @param l1 the capacity of L1, in entities
     * @param sourceMillis the duration of a source call, for any number of entities
     * @param poll requests per poll, of one entity each
     * @param polls the number of concurrent polls
     */
    public record Settings(
            int entities, int l1, int sourceMillis, int poll, int polls, int warmUpRequests, int requests) {}

    /**
     * @param requestsPerSecond throughput of the lookups alone. Ratios are shares of the requests in the measured part
     * @param sharedRatio requests that repeat an entity of their poll, or one that is already loading
     */
    public record Result(
            long requests,
            double requestsPerSecond,
            double p50Millis,
            double p99Millis,
            double maxMillis,
            double meanMillis,
            double amortisedMillis,
            double l1HitRatio,
            double sharedRatio,
            double redisHitRatio,
            double sourceRatio,
            long sourceCalls,
            long failures) {}

    private final Settings settings;
    private final Optional<Redis> redis;
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final AtomicLong calls = new AtomicLong();
    private final ZipfDraws draws;

    /** @param redis empty to measure without Redis */
    public FeaturesBenchmark(Settings settings, Optional<Redis> redis) {
        this.settings = settings;
        this.redis = redis;
        this.draws = new ZipfDraws(settings.entities, SEED);
    }

    public Result run() throws InterruptedException {
        FeatureView view = new FeatureView(
                "bench-" + redis.isPresent(),
                1,
                java.util.stream.IntStream.range(0, FEATURES)
                        .mapToObj(i -> "f" + i)
                        .toList(),
                List.of(),
                true);
        CachePolicy policy = new CachePolicy(
                Duration.ofMinutes(1),
                Duration.ofMinutes(5),
                Duration.ofHours(1),
                Duration.ofSeconds(10),
                Duration.ofSeconds(1),
                0.1);
        InstantSource clock = InstantSource.system();
        Optional<SharedCache> shared = redis.map(client -> new RedisCache(
                RedisCache.Guards.of(client, Duration.ofMillis(200), Duration.ofSeconds(1)),
                view,
                policy,
                clock,
                new FeatureMeters(registry, view.name()).redis));
        try (FeatureCache cache = new FeatureCache(
                view,
                policy,
                new FeatureCache.CacheLimits(settings.l1, 100_000, 256, 8, Duration.ofMillis(1)),
                shared,
                new SlowSource(),
                registry,
                clock)) {
            drive(cache, settings.warmUpRequests, new ConcurrentHistogram(3));
            double l1 = count("l1", "hit");
            double hits = count("redis", "hit");
            double loaded = count("source", "hit");
            long callsBefore = calls.get();
            Histogram nanos = new ConcurrentHistogram(3);
            long start = System.nanoTime();
            long failures = drive(cache, settings.requests, nanos);
            double seconds = (System.nanoTime() - start) / 1e9;
            double l1Ratio = (count("l1", "hit") - l1) / settings.requests;
            double redisRatio = (count("redis", "hit") - hits) / settings.requests;
            double sourceRatio = (count("source", "hit") - loaded) / settings.requests;
            return new Result(
                    settings.requests,
                    settings.requests / seconds,
                    nanos.getValueAtPercentile(50) / 1e6,
                    nanos.getValueAtPercentile(99) / 1e6,
                    nanos.getMaxValue() / 1e6,
                    nanos.getMean() / 1e6,
                    seconds * 1e3 / settings.requests,
                    l1Ratio,
                    1 - l1Ratio - redisRatio - sourceRatio,
                    redisRatio,
                    sourceRatio,
                    calls.get() - callsBefore,
                    failures);
        }
    }

    /** Returns the number of results that were not fresh. */
    private long drive(FeatureCache cache, int requests, Histogram nanos) throws InterruptedException {
        Semaphore underWay = new Semaphore(settings.polls);
        AtomicLong failures = new AtomicLong();
        for (int done = 0; done < requests; done += settings.poll) {
            List<EntityKey> poll = new ArrayList<>();
            for (int i = 0; i < settings.poll; i++) {
                poll.add(new EntityKey.Id(draws.next()));
            }
            underWay.acquire();
            long start = System.nanoTime();
            Map<EntityKey, CompletableFuture<Lookup>> found = cache.lookupEach(poll);
            List<CompletableFuture<?>> all = new ArrayList<>();
            for (EntityKey each : poll) {
                CompletableFuture<Lookup> answer = found.get(each);
                if (answer != null) {
                    all.add(answer.thenAccept(lookup -> {
                        nanos.recordValue(System.nanoTime() - start);
                        if (!(lookup instanceof Lookup.Fresh)) {
                            failures.incrementAndGet();
                        }
                    }));
                }
            }
            CompletableFuture.allOf(all.toArray(CompletableFuture<?>[]::new)).thenRun(underWay::release);
        }
        if (!underWay.tryAcquire(settings.polls, 30, TimeUnit.SECONDS)) {
            throw new IllegalStateException("lookups must complete within 30 s, but some did not");
        }
        return failures.get();
    }

    private double count(String tier, String result) {
        return registry.get("feature.lookups").tag("tier", tier).tag("result", result).counters().stream()
                .mapToDouble(Counter::count)
                .sum();
    }

    /** A source that has every entity and delays each call. */
    private final class SlowSource implements FeatureSource {
        /** A separate timer. The JDK's single delay thread also runs the gather timers, so the source and the cache would delay each other. */
        private final ScheduledExecutorService threads = Executors.newScheduledThreadPool(SOURCE_THREADS);

        @Override
        public CompletionStage<Map<EntityKey, SourceResult>> load(Collection<EntityKey> entities) {
            calls.incrementAndGet();
            long asked = System.currentTimeMillis();
            Map<EntityKey, SourceResult> results = new HashMap<>();
            for (EntityKey entity : entities) {
                results.put(entity, new SourceResult.Found(new FeatureVector(new float[FEATURES], asked, asked)));
            }
            CompletableFuture<Map<EntityKey, SourceResult>> answer = new CompletableFuture<>();
            threads.schedule(() -> answer.complete(results), settings.sourceMillis, TimeUnit.MILLISECONDS);
            return answer;
        }

        @Override
        public void close() {
            threads.shutdownNow();
        }
    }
}
