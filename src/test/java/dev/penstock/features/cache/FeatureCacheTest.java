package dev.penstock.features.cache;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.features.vector.EntityKey;
import dev.penstock.features.vector.FeatureVector;
import dev.penstock.features.vector.FeatureView;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The cache with a manual clock, and a source that answers on demand. */
final class FeatureCacheTest {
    private static final EntityKey ANNA = new EntityKey.Name("anna");
    private static final EntityKey BERT = new EntityKey.Name("bert");
    private static final CachePolicy POLICY = new CachePolicy(
            Duration.ofMinutes(1),
            Duration.ofMinutes(5),
            Duration.ofHours(1),
            Duration.ofSeconds(10),
            Duration.ofSeconds(1),
            0);

    private final ManualClock clock = new ManualClock();
    private final ScriptedSource source = new ScriptedSource(clock);
    private final SharedMap shared = new SharedMap();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final FeatureCache cache = cache(true);

    @Test
    void looksUpABatchInOneCallAndEachEntityOnce() {
        source.rows.put(ANNA, 1f);
        source.rows.put(BERT, 2f);
        Map<EntityKey, Lookup> found = lookup(ANNA, BERT, ANNA, BERT);
        assertThat(found.get(ANNA)).isEqualTo(new Lookup.Fresh(vector(1)));
        assertThat(found.get(BERT)).isEqualTo(new Lookup.Fresh(vector(2)));
        assertThat(source.calls).containsExactly(List.of(ANNA, BERT));
    }

    @Test
    void doesNotLoadEntitiesThatItHolds() {
        source.rows.put(ANNA, 1f);
        lookup(ANNA);
        assertThat(lookup(ANNA).get(ANNA)).isInstanceOf(Lookup.Fresh.class);
        assertThat(source.calls).hasSize(1);
        assertThat(shared.reads).hasValue(1);
        assertThat(count("l1", "hit")).isEqualTo(1);
        assertThat(count("l1", "miss")).isEqualTo(1);
        assertThat(count("source", "hit")).isEqualTo(1);
    }

    @Test
    void readsFromRedisWhatAnotherWorkerLoaded() {
        source.rows.put(ANNA, 1f);
        lookup(ANNA);
        await().until(() -> shared.held.containsKey(ANNA)); // written after the lookup completes
        FeatureCache another = cache(true);
        assertThat(another.lookup(List.of(ANNA)).join().get(ANNA)).isInstanceOf(Lookup.Fresh.class);
        assertThat(source.calls).hasSize(1);
        assertThat(count("redis", "hit")).isEqualTo(1);
    }

    @Test
    void aColdBurstForOneEntityMakesOneCall() throws Exception {
        source.rows.put(ANNA, 1f);
        source.heldBack = true;
        try (ExecutorService callers = Executors.newFixedThreadPool(16)) {
            List<Future<CompletableFuture<Map<EntityKey, Lookup>>>> asked = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                asked.add(callers.submit(() -> cache.lookup(List.of(ANNA))));
            }
            List<CompletableFuture<Map<EntityKey, Lookup>>> answers = new ArrayList<>();
            for (var each : asked) {
                answers.add(each.get(10, TimeUnit.SECONDS));
            }
            await().until(() -> !source.calls.isEmpty());
            source.letGo();
            for (var answer : answers) {
                assertThat(answer.get(10, TimeUnit.SECONDS).get(ANNA)).isEqualTo(new Lookup.Fresh(vector(1)));
            }
        }
        assertThat(source.calls).hasSize(1);
    }

    @Test
    void aColdBurstForAThousandEntitiesMakesFullCallsOnly() {
        List<EntityKey> thousand = thousand();
        source.heldBack = true;
        CompletableFuture<Map<EntityKey, Lookup>> answer = cache.lookup(thousand);
        await().until(() -> source.calls.size() == 4);
        source.letGo();
        assertThat(answer.join()).hasSize(1000);
        assertThat(source.calls).hasSize(4).allMatch(call -> call.size() <= 256);
    }

    @Test
    void manySmallLookupsShareCalls() {
        source.heldBack = true;
        List<CompletableFuture<Map<EntityKey, Lookup>>> answers =
                thousand().stream().map(each -> cache.lookup(List.of(each))).toList();
        await().until(() -> source.calls.size() == 4);
        source.letGo();
        answers.forEach(CompletableFuture::join);
        // Four calls start before the queue fills up. Partly filled ones finish and make room for a fifth and more.
        assertThat(source.calls).hasSizeLessThanOrEqualTo(8);
    }

    @Test
    void refreshesAheadWithoutDelayingCallers() {
        source.rows.put(ANNA, 1f);
        lookup(ANNA);
        clock.pass(Duration.ofSeconds(61));
        source.rows.put(ANNA, 2f);
        source.heldBack = true;
        assertThat(lookup(ANNA).get(ANNA)).isInstanceOfSatisfying(Lookup.Fresh.class, is(1));
        await().until(() -> source.calls.size() == 2);
        source.letGo();
        await().untilAsserted(
                        () -> assertThat(lookup(ANNA).get(ANNA)).isInstanceOfSatisfying(Lookup.Fresh.class, is(2)));
    }

    @Test
    void aMissDoesNotDelayLookupsOfCachedEntities() {
        source.rows.put(ANNA, 1f);
        lookup(ANNA);
        source.heldBack = true;
        Map<EntityKey, CompletableFuture<Lookup>> found = cache.lookupEach(List.of(BERT, ANNA));
        assertThat(found.get(ANNA)).isCompleted();
        assertThat(found.get(BERT)).isNotDone();
        await().until(() -> source.calls.size() == 2);
        source.letGo();
        assertThat(found.get(BERT)).succeedsWithin(Duration.ofSeconds(10));
    }

    @Test
    void missesAndRefreshesShareOneRedisRoundTrip() {
        source.rows.put(ANNA, 1f);
        source.rows.put(BERT, 2f);
        lookup(ANNA);
        clock.pass(Duration.ofSeconds(61));
        int before = shared.reads.get();
        lookup(ANNA, BERT);
        assertThat(shared.reads).hasValue(before + 1);
    }

    @Test
    void servesStaleWhileItRevalidates() {
        source.rows.put(ANNA, 1f);
        lookup(ANNA);
        clock.pass(Duration.ofMinutes(6));
        source.rows.put(ANNA, 2f);
        source.heldBack = true;
        assertThat(lookup(ANNA).get(ANNA))
                .isInstanceOfSatisfying(
                        Lookup.Stale.class,
                        stale -> assertThat(stale.vector().value(0)).isEqualTo(1));
        await().until(() -> source.calls.size() == 2);
        source.letGo();
        await().untilAsserted(
                        () -> assertThat(lookup(ANNA).get(ANNA)).isInstanceOfSatisfying(Lookup.Fresh.class, is(2)));
    }

    @Test
    void servesStaleWhenTheSourceIsDownUntilTheHardLimit() {
        source.rows.put(ANNA, 1f);
        lookup(ANNA);
        source.down = true;
        clock.pass(Duration.ofMinutes(59));
        assertThat(lookup(ANNA).get(ANNA)).isInstanceOf(Lookup.Stale.class);
        clock.pass(Duration.ofMinutes(2));
        // The refresh may still be running; its result uses the time at which it began.
        await().untilAsserted(() -> assertThat(lookup(ANNA).get(ANNA)).isInstanceOf(Lookup.Unavailable.class));
    }

    @Test
    void aViewThatServesNoStaleValuesWaitsForFreshOnes() {
        FeatureCache strict = cache(false);
        source.rows.put(ANNA, 1f);
        strict.lookup(List.of(ANNA)).join();
        clock.pass(Duration.ofMinutes(6));
        source.rows.put(ANNA, 2f);
        assertThat(strict.lookup(List.of(ANNA)).join().get(ANNA)).isInstanceOfSatisfying(Lookup.Fresh.class, is(2));
        clock.pass(Duration.ofMinutes(6));
        source.down = true;
        assertThat(strict.lookup(List.of(ANNA)).join().get(ANNA)).isInstanceOf(Lookup.Unavailable.class);
    }

    @Test
    void missingAndUnavailableStayDistinct() {
        assertThat(lookup(ANNA).get(ANNA)).isEqualTo(new Lookup.Missing(Optional.empty()));
        source.down = true;
        assertThat(lookup(ANNA).get(ANNA)).isEqualTo(new Lookup.Missing(Optional.empty()));
        assertThat(lookup(BERT).get(BERT)).isEqualTo(new Lookup.Unavailable("the source failed: down"));
        clock.pass(Duration.ofSeconds(11));
        assertThat(lookup(ANNA).get(ANNA)).isInstanceOf(Lookup.Unavailable.class);
        source.down = false;
        clock.pass(Duration.ofSeconds(2));
        assertThat(lookup(BERT).get(BERT)).isInstanceOf(Lookup.Missing.class);
    }

    @Test
    void aMissingEntityIsNotLoadedAgainForAWhile() {
        lookup(ANNA);
        lookup(ANNA);
        assertThat(source.calls).hasSize(1);
        clock.pass(Duration.ofSeconds(11));
        lookup(ANNA);
        assertThat(source.calls).hasSize(2);
    }

    @Test
    void aDeletedEntityIsMissingAndKeepsItsLastValues() {
        source.rows.put(ANNA, 1f);
        lookup(ANNA);
        source.rows.remove(ANNA);
        clock.pass(Duration.ofSeconds(61));
        lookup(ANNA);
        await().untilAsserted(() -> assertThat(lookup(ANNA).get(ANNA))
                .isInstanceOfSatisfying(
                        Lookup.Missing.class,
                        missing -> assertThat(missing.last().orElseThrow().value(0))
                                .isEqualTo(1)));
    }

    @Test
    void anInvalidEntityDoesNotAffectOthers() {
        source.rows.put(ANNA, 1f);
        source.broken.put(BERT, "feature 0 must be a finite number, was NaN");
        Map<EntityKey, Lookup> found = lookup(ANNA, BERT);
        assertThat(found.get(ANNA)).isInstanceOf(Lookup.Fresh.class);
        assertThat(found.get(BERT)).isEqualTo(new Lookup.Unavailable("feature 0 must be a finite number, was NaN"));
    }

    @Test
    void aFailureIsRememberedBrieflyToPreventAStampede() {
        source.down = true;
        lookup(ANNA);
        lookup(ANNA);
        assertThat(source.calls).hasSize(1);
        clock.pass(Duration.ofSeconds(2));
        source.down = false;
        source.rows.put(ANNA, 1f);
        assertThat(lookup(ANNA).get(ANNA)).isInstanceOf(Lookup.Fresh.class);
    }

    @Test
    void loadsFromTheSourceWhenRedisIsUnreachable() {
        shared.down = true;
        source.rows.put(ANNA, 1f);
        assertThat(lookup(ANNA).get(ANNA)).isInstanceOf(Lookup.Fresh.class);
        assertThat(count("redis", "error")).isEqualTo(1);
    }

    @Test
    void anOlderVectorNeverReplacesANewerOne() throws Exception {
        source.rows.put(ANNA, 1f);
        lookup(ANNA);
        long now = clock.millis();
        cache.update(update(ANNA, 9, now + 5));
        cache.update(update(ANNA, 8, now + 4));
        cache.update(update(BERT, 7, now));
        assertThat(lookup(ANNA).get(ANNA)).isInstanceOfSatisfying(Lookup.Fresh.class, is(9));
        assertThat(lookup(BERT).get(BERT))
                .as("an update does not add an entity that L1 does not hold")
                .isInstanceOf(Lookup.Missing.class);
    }

    @Test
    void aRunningLoadDoesNotOverwriteANewerUpdate() throws Exception {
        source.rows.put(ANNA, 1f);
        source.heldBack = true;
        CompletableFuture<Map<EntityKey, Lookup>> answer = cache.lookup(List.of(ANNA, BERT));
        await().until(() -> source.calls.size() == 1);
        clock.pass(Duration.ofSeconds(1));
        cache.update(update(ANNA, 9, clock.millis()));
        cache.update(update(BERT, 8, clock.millis()));
        source.letGo();
        assertThat(answer.join().get(ANNA)).isInstanceOfSatisfying(Lookup.Fresh.class, is(9));
        assertThat(answer.join().get(BERT)).isInstanceOfSatisfying(Lookup.Fresh.class, is(8));
        assertThat(lookup(BERT).get(BERT)).isInstanceOfSatisfying(Lookup.Fresh.class, is(8));
    }

    @Test
    void aDeletedEntityMayReturnWithALowerVersion() throws Exception {
        source.rows.put(ANNA, 1f);
        lookup(ANNA);
        clock.pass(Duration.ofSeconds(1));
        cache.update(FeatureUpdate.read(cache.view(), ANNA, Optional.empty(), clock.millis()));
        assertThat(lookup(ANNA).get(ANNA)).isInstanceOf(Lookup.Missing.class);
        clock.pass(Duration.ofSeconds(1));
        cache.update(update(ANNA, 2, 3));
        assertThat(lookup(ANNA).get(ANNA)).isInstanceOfSatisfying(Lookup.Fresh.class, is(2));
    }

    @Test
    void sharesTheNewestUpdate() throws Exception {
        long now = clock.millis();
        cache.share(List.of(update(ANNA, 9, now + 5), update(ANNA, 8, now + 4)))
                .toCompletableFuture()
                .join();
        assertThat(lookup(ANNA).get(ANNA)).isInstanceOfSatisfying(Lookup.Fresh.class, is(9));
        assertThat(source.calls).isEmpty();
    }

    @Test
    void aVersionFromTheFutureInRedisIsIgnored() {
        shared.held.put(
                ANNA, new CacheEntry.Present(new FeatureVector(new float[] {9, 9}, Long.MAX_VALUE, clock.millis())));
        source.rows.put(ANNA, 1f);
        assertThat(lookup(ANNA).get(ANNA)).isInstanceOfSatisfying(Lookup.Fresh.class, is(1));
        assertThat(count("redis", "error")).isEqualTo(1);
    }

    @Test
    void aVersionFromTheFutureInTheSourceIsRejectedAndCounted() {
        source.rows.put(ANNA, 1f);
        source.rows.put(BERT, 2f);
        source.versions.put(ANNA, clock.millis() + Duration.ofHours(2).toMillis());
        Map<EntityKey, Lookup> found = lookup(ANNA, BERT);
        assertThat(found.get(ANNA)).isInstanceOf(Lookup.Unavailable.class);
        assertThat(found.get(BERT)).isInstanceOf(Lookup.Fresh.class);
        assertThat(count("source", "error")).isEqualTo(1);
    }

    private FeatureUpdate update(EntityKey entity, int value, long version)
            throws FeatureUpdate.InvalidUpdateException {
        String json = "{\"version\":%d,\"values\":{\"a\":%d,\"b\":%d}}".formatted(version, value, value);
        return FeatureUpdate.read(cache.view(), entity, Optional.of(json.getBytes(UTF_8)), clock.millis());
    }

    @Test
    void limitsTheNumberOfRunningLoads() {
        source.heldBack = true;
        List<EntityKey> many =
                IntStream.range(0, 5000).<EntityKey>mapToObj(EntityKey.Id::new).toList();
        CompletableFuture<Map<EntityKey, Lookup>> answer = cache.lookup(many);
        await().until(() -> source.calls.size() == 4);
        source.letGo();
        assertThat(answer.join().values().stream().filter(Lookup.Unavailable.class::isInstance))
                .hasSize(5000 - 4096);
    }

    @Test
    void completesAllOfManyConcurrentLookups() throws Exception {
        assertThatAllComplete(cache);
        assertThat(source.calls.stream().mapToInt(List::size).sum())
                .as("loads per entity")
                .isEqualTo((int)
                        source.calls.stream().flatMap(List::stream).distinct().count());
    }

    /** L1 may evict a loaded entity before a late lookup looks there. */
    @Test
    void completesAllEvenWhenL1IsAlmostEmpty() throws Exception {
        assertThatAllComplete(cache(true, 1));
    }

    private void assertThatAllComplete(FeatureCache cache) throws Exception {
        for (EntityKey each : thousand()) {
            source.rows.put(each, 1f);
        }
        try (ExecutorService callers = Executors.newFixedThreadPool(8)) {
            List<Future<?>> all = new ArrayList<>();
            for (int c = 0; c < 8; c++) {
                int first = c * 37;
                all.add(callers.submit(() -> {
                    for (int i = 0; i < 300; i++) {
                        List<EntityKey> batch = IntStream.range(first + i, first + i + 20)
                                .<EntityKey>mapToObj(EntityKey.Id::new)
                                .toList();
                        assertThat(cache.lookup(batch).get(10, TimeUnit.SECONDS).values())
                                .hasSize(20)
                                .allMatch(Lookup.Fresh.class::isInstance);
                    }
                    return true;
                }));
            }
            for (Future<?> each : all) {
                each.get(30, TimeUnit.SECONDS);
            }
        }
    }

    /** A refresh is no input, although it asks the source. */
    @Test
    void countsHowEachEntityThatARequestAskedForWasAnswered() {
        assertThat(inputs("hit") + inputs("miss") + inputs("stale") + inputs("error"))
                .isZero();
        source.rows.put(ANNA, 1f);
        lookup(ANNA, BERT);
        assertThat(inputs("miss")).isEqualTo(2);
        lookup(ANNA, BERT);
        assertThat(inputs("hit")).isEqualTo(2);
        await().until(() -> shared.held.containsKey(ANNA));
        cache(true).lookup(List.of(ANNA)).join(); // from Redis
        assertThat(inputs("hit")).isEqualTo(3);

        clock.pass(Duration.ofSeconds(61));
        lookup(ANNA);
        await().until(() -> source.calls.size() == 2);
        clock.pass(Duration.ofMinutes(6));
        source.heldBack = true;
        assertThat(lookup(ANNA).get(ANNA)).isInstanceOf(Lookup.Stale.class);
        source.letGo();
        assertThat(inputs("stale")).isEqualTo(1);
        assertThat(inputs("hit")).isEqualTo(4);
        assertThat(inputs("miss")).isEqualTo(2);
    }

    @Test
    void anEntityThatAnotherRequestLoadsIsAHit() {
        source.rows.put(ANNA, 1f);
        source.heldBack = true;
        CompletableFuture<Map<EntityKey, Lookup>> first = cache.lookup(List.of(ANNA));
        CompletableFuture<Map<EntityKey, Lookup>> second = cache.lookup(List.of(ANNA));
        await().until(() -> source.calls.size() == 1);
        source.letGo();
        assertThat(first).succeedsWithin(Duration.ofSeconds(10));
        assertThat(second).succeedsWithin(Duration.ofSeconds(10));
        await().untilAsserted(() -> assertThat(inputs("hit")).isEqualTo(1));
        assertThat(inputs("miss")).isEqualTo(1);
    }

    private double inputs(String result) {
        return registry.get("feature.inputs").tag("result", result).counter().count();
    }

    private static java.util.function.Consumer<Lookup.Fresh> is(float value) {
        return fresh -> assertThat(fresh.vector().value(0)).isEqualTo(value);
    }

    private Map<EntityKey, Lookup> lookup(EntityKey... entities) {
        return cache.lookup(List.of(entities)).orTimeout(10, TimeUnit.SECONDS).join();
    }

    private FeatureVector vector(float value) {
        return new FeatureVector(new float[] {value, -value}, clock.millis(), clock.millis());
    }

    private double count(String tier, String result) {
        return registry.get("feature.lookups")
                .tag("tier", tier)
                .tag("result", result)
                .counter()
                .count();
    }

    private static List<EntityKey> thousand() {
        return IntStream.range(0, 1000).<EntityKey>mapToObj(EntityKey.Id::new).toList();
    }

    private FeatureCache cache(boolean servesStale) {
        return cache(servesStale, 10_000);
    }

    private FeatureCache cache(boolean servesStale, int entities) {
        return new FeatureCache(
                new FeatureView("customers", 1, List.of("a", "b"), List.of(), servesStale),
                POLICY,
                new FeatureCache.CacheLimits(entities, 4096, 256, 4, Duration.ofMillis(1)),
                Optional.of(shared),
                source,
                registry,
                clock);
    }

    /** An in-memory shared cache. */
    private static final class SharedMap implements SharedCache {
        private final Map<EntityKey, CacheEntry> held = new ConcurrentHashMap<>();
        private volatile boolean down;
        private final AtomicInteger reads = new AtomicInteger();

        @Override
        public synchronized CompletionStage<Map<EntityKey, CacheEntry>> read(Collection<EntityKey> entities) {
            reads.incrementAndGet();
            if (down) {
                return CompletableFuture.failedFuture(new IllegalStateException("down"));
            }
            Map<EntityKey, CacheEntry> found = new HashMap<>(held);
            found.keySet().retainAll(entities);
            return CompletableFuture.completedFuture(found);
        }

        @Override
        public CompletionStage<?> write(Map<EntityKey, CacheEntry> written) {
            held.putAll(written);
            return CompletableFuture.completedFuture(written);
        }
    }
}
