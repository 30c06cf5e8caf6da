package dev.penstock.features.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.features.source.FeatureSource;
import dev.penstock.features.vector.EntityKey;
import dev.penstock.features.vector.FeatureVector;
import dev.penstock.features.vector.FeatureView;
import dev.penstock.local.RedisUnderTest;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.buffer.Buffer;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The shared tier on a real Redis, including real faults. */
final class RedisCacheTest {
    private static final FeatureView VIEW = new FeatureView("customers", 1, List.of("a", "b"), List.of(), true);
    private static final EntityKey ANNA = new EntityKey.Name("anna");
    private static final EntityKey BERT = new EntityKey.Id(7);
    private static final CachePolicy POLICY = new CachePolicy(
            Duration.ofSeconds(30),
            Duration.ofMinutes(5),
            Duration.ofHours(1),
            Duration.ofSeconds(10),
            Duration.ofMillis(200),
            0.1);

    private final InstantSource clock = InstantSource.system();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final RedisUnderTest redis = new RedisUnderTest();
    private final RedisCache cache = new RedisCache(
            RedisCache.Guards.of(redis.client(), Duration.ofMillis(200), Duration.ofSeconds(1)),
            VIEW,
            POLICY,
            clock,
            new FeatureMeters(registry, "customers").redis);

    @AfterEach
    void close() {
        redis.close();
    }

    @Test
    void storesPresentAndAbsentEntitiesWithATtl() {
        long now = clock.millis();
        read(ANNA);
        cache.write(Map.of(ANNA, known(1, now), BERT, new CacheEntry.Absent(now, Optional.empty())));
        await().until(() -> read(ANNA, BERT).size() == 2);
        assertThat(read(ANNA, BERT))
                .containsEntry(ANNA, known(1, now))
                .containsEntry(BERT, new CacheEntry.Absent(now, Optional.empty()));
        assertThat(ttlMillis(ANNA)).isBetween(3_000_000L, 3_600_000L);
        assertThat(ttlMillis(BERT)).isBetween(1L, 10_000L);
    }

    @Test
    void anOlderVersionNeverReplacesANewerOne() {
        long now = clock.millis();
        cache.write(Map.of(ANNA, known(2, now + 1)));
        await().until(() -> !read(ANNA).isEmpty());
        cache.write(Map.of(ANNA, known(1, now)));
        cache.write(Map.of(BERT, known(3, now)));
        await().until(() -> !read(BERT).isEmpty());
        assertThat(read(ANNA)).containsEntry(ANNA, known(2, now + 1));
    }

    @Test
    void valuesAndAbsencesReplaceEachOtherByTime() {
        long now = clock.millis();
        store(known(1, now));
        store(new CacheEntry.Absent(now - 1, Optional.empty()));
        assertThat(read(ANNA)).containsEntry(ANNA, known(1, now));
        store(new CacheEntry.Absent(now + 1, Optional.empty()));
        assertThat(read(ANNA)).containsEntry(ANNA, new CacheEntry.Absent(now + 1, Optional.empty()));
        store(known(3, now));
        assertThat(read(ANNA)).containsEntry(ANNA, new CacheEntry.Absent(now + 1, Optional.empty()));
        store(known(4, now + 2));
        assertThat(read(ANNA)).containsEntry(ANNA, known(4, now + 2));
    }

    @Test
    void comparesVersionsExactlyIn64Bits() {
        long now = clock.millis();
        CacheEntry high = new CacheEntry.Present(new FeatureVector(new float[] {1, 1}, (1L << 62) + 1, now));
        store(high);
        store(new CacheEntry.Present(new FeatureVector(new float[] {2, 2}, 1L << 62, now)));
        assertThat(read(ANNA)).containsEntry(ANNA, high);
        CacheEntry higher = new CacheEntry.Present(new FeatureVector(new float[] {3, 3}, (1L << 62) + 2, now));
        store(higher);
        assertThat(read(ANNA)).containsEntry(ANNA, higher);
    }

    @Test
    void aWriteFailsWhileRedisIsUnavailable() {
        redis.stop();
        assertThat(cache.write(Map.of(ANNA, known(1, clock.millis()))).toCompletableFuture())
                .failsWithin(Duration.ofSeconds(5));
    }

    private void store(CacheEntry held) {
        cache.write(Map.of(ANNA, held))
                .toCompletableFuture()
                .orTimeout(30, TimeUnit.SECONDS)
                .join();
    }

    @Test
    void anInvalidEntryIsIgnoredAndDoesNotAffectOthers() {
        cache.write(Map.of(ANNA, known(1, clock.millis())));
        await().until(() -> !read(ANNA).isEmpty());
        redis.send(Request.cmd(Command.SET).arg(VIEW.keyPrefix() + BERT.text()).arg(Buffer.buffer("rubbish")));
        assertThat(read(ANNA, BERT)).containsOnlyKeys(ANNA);
    }

    @Test
    void noLookupFailsWhileRedisIsFrozenFlushedFullAndRestarted() throws Exception {
        ScriptedSource source = new ScriptedSource(clock);
        List<EntityKey> entities =
                IntStream.range(0, 400).<EntityKey>mapToObj(EntityKey.Id::new).toList();
        entities.forEach(entity -> source.rows.put(entity, 1f));
        // L1 is almost empty, so nearly every lookup reaches Redis and the source.
        FeatureCache features = features(source, 10);
        AtomicBoolean over = new AtomicBoolean();
        AtomicInteger lookups = new AtomicInteger();
        AtomicInteger failed = new AtomicInteger();
        AtomicLong slowestNanos = new AtomicLong();
        CompletableFuture<Void> load = CompletableFuture.runAsync(() -> {
            for (int i = 0; !over.get(); i++) {
                long start = System.nanoTime();
                Map<EntityKey, Lookup> found = features.lookup(entities.subList(i % 380, i % 380 + 20))
                        .orTimeout(30, TimeUnit.SECONDS)
                        .join();
                found.values().stream()
                        .filter(each -> !(each instanceof Lookup.Fresh))
                        .forEach(each -> failed.incrementAndGet());
                slowestNanos.accumulateAndGet(System.nanoTime() - start, Math::max);
                lookups.incrementAndGet();
            }
        });
        lookupsPass(lookups, 50);

        redis.freeze();
        lookupsPass(lookups, 50);
        assertThat(slowestNanos.get())
                .as("slowest lookup while Redis is frozen")
                .isLessThan(2_000_000_000L);
        redis.goOn();
        awaitHits();

        redis.flush();
        lookupsPass(lookups, 50);
        awaitHits();

        redis.fill();
        lookupsPass(lookups, 50);
        redis.makeRoom();
        awaitHits();

        redis.stop();
        lookupsPass(lookups, 50);
        redis.startAgain();
        awaitHits();

        over.set(true);
        load.get(60, TimeUnit.SECONDS);
        assertThat(failed).hasValue(0);
    }

    @Test
    void aColdBurstForOneEntityMakesOneCall() throws Exception {
        ScriptedSource source = new ScriptedSource(clock);
        source.rows.put(ANNA, 1f);
        source.heldBack = true;
        List<CompletableFuture<Map<EntityKey, Lookup>>> answers = burst(features(source, 10_000), i -> ANNA);
        await().until(() -> !source.calls.isEmpty());
        source.letGo();
        assertThat(answers)
                .allSatisfy(answer ->
                        assertThat(answer.get(60, TimeUnit.SECONDS).get(ANNA)).isInstanceOf(Lookup.Fresh.class));
        assertThat(source.calls).hasSize(1);
    }

    /** Four full calls hold a thousand entities; each call may be attempted three times. */
    @Test
    void aColdBurstForAThousandEntitiesMakesFewCalls() throws Exception {
        ScriptedSource source = new ScriptedSource(clock);
        IntStream.range(0, 1000).forEach(i -> source.rows.put(new EntityKey.Id(i), 1f));
        source.heldBack = true;
        List<CompletableFuture<Map<EntityKey, Lookup>>> answers = burst(features(source, 10_000), EntityKey.Id::new);
        // On a busy machine, this many Redis round trips exceed the timeout.
        await().until(() -> source.calls.size() == 4 && lookups("miss") + lookups("error") == 1000);
        source.letGo();
        assertThat(answers)
                .allSatisfy(answer ->
                        assertThat(answer.get(60, TimeUnit.SECONDS).values()).allMatch(Lookup.Fresh.class::isInstance));
        assertThat(source.calls).hasSizeLessThanOrEqualTo(4 * 3);
    }

    /** A thousand concurrent lookups of one entity each. */
    private static List<CompletableFuture<Map<EntityKey, Lookup>>> burst(
            FeatureCache features, IntFunction<EntityKey> entity) throws Exception {
        try (ExecutorService callers = Executors.newFixedThreadPool(32)) {
            List<Callable<CompletableFuture<Map<EntityKey, Lookup>>>> lookups = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                List<EntityKey> one = List.of(entity.apply(i));
                lookups.add(() -> features.lookup(one));
            }
            List<CompletableFuture<Map<EntityKey, Lookup>>> answers = new ArrayList<>();
            for (Future<CompletableFuture<Map<EntityKey, Lookup>>> each : callers.invokeAll(lookups)) {
                answers.add(each.get());
            }
            return answers;
        }
    }

    private FeatureCache features(FeatureSource source, int entities) {
        return new FeatureCache(
                VIEW,
                POLICY,
                new FeatureCache.CacheLimits(entities, 4096, 256, 4, Duration.ofMillis(1)),
                Optional.of(cache),
                source,
                registry,
                clock);
    }

    private static void lookupsPass(AtomicInteger lookups, int count) {
        int before = lookups.get();
        await().atMost(Duration.ofSeconds(90)).until(() -> lookups.get() >= before + count);
    }

    /** Redis must serve hits again within five seconds of its return. */
    private void awaitHits() {
        double before = hits();
        await().atMost(Duration.ofSeconds(5)).until(() -> hits() > before);
    }

    private double hits() {
        return lookups("hit");
    }

    private double lookups(String result) {
        return registry.get("feature.lookups")
                .tag("tier", "redis")
                .tag("result", result)
                .counter()
                .count();
    }

    private static CacheEntry known(float value, long version) {
        return new CacheEntry.Present(new FeatureVector(new float[] {value, -value}, version, version));
    }

    private Map<EntityKey, CacheEntry> read(EntityKey... entities) {
        return cache.read(List.of(entities))
                .toCompletableFuture()
                .orTimeout(30, TimeUnit.SECONDS)
                .join();
    }

    private long ttlMillis(EntityKey entity) {
        return redis.send(Request.cmd(Command.PTTL).arg(VIEW.keyPrefix() + entity.text()))
                .toLong();
    }
}
