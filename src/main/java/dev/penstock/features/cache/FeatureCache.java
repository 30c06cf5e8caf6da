package dev.penstock.features.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.penstock.features.source.FeatureSource;
import dev.penstock.features.vector.EntityKey;
import dev.penstock.features.vector.FeatureVector;
import dev.penstock.features.vector.FeatureView;
import dev.penstock.features.vector.SourceResult;
import io.micrometer.core.instrument.MeterRegistry;
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
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The feature cache of one view, in three tiers: this process (L1), Redis (L2) and the source (L3). Thread-safe. No method blocks.
 *
 * <p>A batch costs one pass over L1, one Redis round trip for all L1 misses, bulk source calls for the rest, and one pipelined write back.
 * Concurrent lookups of an entity share one load (single flight). An aging value is served at once and refreshed in the background.
 */
public final class FeatureCache implements AutoCloseable {
    /** The approximate overhead of an entry beside its values: key, references and Caffeine's node. */
    private static final int ENTRY_BYTES = 160;

    private static final int USUAL_KEY_LENGTH = 16;

    /** Longer than a lookup, and longer than an update takes to reach Redis. */
    private static final Duration PUBLISHED_FOR = Duration.ofSeconds(10);

    private final FeatureView view;
    private final CachePolicy policy;
    private final int maxPending;
    private final InstantSource clock;
    private final Optional<SharedCache> shared;
    private final FeatureSource source;
    private final FeatureMeters meters;
    private final BulkLoader loader;
    private final Cache<EntityKey, CacheEntry> l1;

    /** Recent updates from the view's topic. A load that was already running may return an older value. */
    private final Cache<EntityKey, CacheEntry> published;

    /** Running loads by entity (single flight). */
    private final Map<EntityKey, Load> pending = new ConcurrentHashMap<>();

    /** A running load. */
    private static final class Load extends CompletableFuture<Lookup> {
        /** Whether a request waits for it; otherwise it refreshes what was served. */
        private final boolean isInput;

        private Load(boolean isInput) {
            this.isInput = isInput;
        }
    }

    /**
     * @param maxEntities the capacity of L1 in entities with keys of 16 characters; longer keys weigh more
     * @param maxPending the maximum number of entities that load at once; lookups beyond it return {@link Lookup.Unavailable}
     * @param bulkSize the maximum number of entities per source call
     * @param sourceCalls the maximum number of concurrent source calls
     * @param gather how long an entity waits for others before a partly filled source call starts
     */
    public record CacheLimits(int maxEntities, int maxPending, int bulkSize, int sourceCalls, Duration gather) {}

    public FeatureCache(
            FeatureView view,
            CachePolicy policy,
            CacheLimits limits,
            Optional<SharedCache> shared,
            FeatureSource source,
            MeterRegistry registry,
            InstantSource clock) {
        this.view = view;
        this.policy = policy;
        this.maxPending = limits.maxPending;
        this.clock = clock;
        this.shared = shared;
        this.source = source;
        this.meters = new FeatureMeters(registry, view.name());
        this.loader = new BulkLoader(
                source,
                new BulkLoader.CallLimits(limits.bulkSize, limits.sourceCalls, limits.gather),
                meters.source,
                this::loaded,
                clock);
        this.l1 = Caffeine.newBuilder()
                .maximumWeight((long) limits.maxEntities * weight(USUAL_KEY_LENGTH))
                .weigher((EntityKey entity, CacheEntry held) ->
                        weight(entity.text().length()))
                .expireAfterWrite(policy.keepFor())
                .ticker(() -> TimeUnit.MILLISECONDS.toNanos(clock.millis()))
                .executor(Runnable::run)
                .build();
        this.published = Caffeine.newBuilder()
                .maximumSize(limits.maxEntities)
                .expireAfterWrite(PUBLISHED_FOR)
                .ticker(() -> TimeUnit.MILLISECONDS.toNanos(clock.millis()))
                .executor(Runnable::run)
                .build();
    }

    public FeatureView view() {
        return view;
    }

    /** Looks up all entities; never fails. The future completes on the thread that delivers the last result. */
    public CompletableFuture<Map<EntityKey, Lookup>> lookup(Collection<EntityKey> entities) {
        Map<EntityKey, CompletableFuture<Lookup>> found = lookupEach(entities);
        return CompletableFuture.allOf(found.values().toArray(CompletableFuture[]::new))
                .thenApply(done -> {
                    Map<EntityKey, Lookup> answers = new HashMap<>();
                    found.forEach((entity, answer) -> answers.put(entity, answer.join()));
                    return answers;
                });
    }

    /** Looks up entities, one future each; never fails. Entities in L1 are complete on return. */
    public Map<EntityKey, CompletableFuture<Lookup>> lookupEach(Collection<EntityKey> entities) {
        long start = System.nanoTime();
        long now = clock.millis();
        Map<EntityKey, CompletableFuture<Lookup>> answers = new HashMap<>();
        List<EntityKey> wanted = new ArrayList<>();
        for (EntityKey entity : entities) {
            if (answers.containsKey(entity)) {
                continue;
            }
            CachePolicy.Answer answer = held(entity, now);
            count(answer);
            if (answer.lookup().isPresent()) {
                meters.inputs.cached(answer.lookup().get());
                answers.put(
                        entity,
                        CompletableFuture.completedFuture(answer.lookup().get()));
                if (answer.refresh() && mayRefresh() && pending.putIfAbsent(entity, new Load(false)) == null) {
                    wanted.add(entity);
                }
            } else {
                answers.put(entity, await(entity, now, wanted));
            }
        }
        meters.l1.took(start);
        fetch(wanted, now);
        return answers;
    }

    /** Applies an update from the view's topic to L1, unless L1 holds a newer entry or none. */
    public void update(FeatureUpdate update) {
        published.asMap().merge(update.entity(), update.entry(), (before, entry) -> entry.over(Optional.of(before)));
        l1.asMap()
                .computeIfPresent(
                        update.entity(), (same, held) -> update.entry().over(Optional.of(held)));
    }

    /** Whether a shared cache is configured. */
    public boolean isShared() {
        return shared.isPresent();
    }

    /** Writes updates from the view's topic to the shared cache. Fails when a write may be lost. */
    public CompletionStage<?> share(Collection<FeatureUpdate> updates) {
        Map<EntityKey, CacheEntry> entries = new HashMap<>();
        for (FeatureUpdate update : updates) {
            entries.merge(update.entity(), update.entry(), (before, later) -> later.over(Optional.of(before)));
        }
        return shared.<CompletionStage<?>>map(cache -> cache.write(entries))
                .orElseGet(() -> CompletableFuture.completedFuture(entries));
    }

    @Override
    public void close() {
        source.close();
    }

    private CachePolicy.Answer held(EntityKey entity, long now) {
        return Optional.ofNullable(l1.getIfPresent(entity))
                .map(held -> policy.answer(entity, held, view.servesStale(), now))
                .orElseGet(() -> new CachePolicy.Answer(Optional.empty(), false));
    }

    /** Returns the future of the running load. Starts none; adds the entity to {@code wanted} when the caller has to load it. */
    private CompletableFuture<Lookup> await(EntityKey entity, long now, List<EntityKey> wanted) {
        boolean mayFetch = pending.size() < maxPending;
        Load mine = new Load(true);
        Load others = mayFetch ? pending.putIfAbsent(entity, mine) : pending.get(entity);
        if (others != null) {
            others.thenAccept(meters.inputs::cached);
            return others;
        }
        // Another load may have completed between our first look at L1 and our registration.
        Optional<Lookup> landed = held(entity, now).lookup();
        if (mayFetch && landed.isEmpty()) {
            wanted.add(entity);
            return mine;
        }
        pending.remove(entity, mine);
        Lookup answer = landed.orElseGet(() -> new Lookup.Unavailable(
                "too many entities of view '" + view.name() + "' are loading (limit " + maxPending + ")"));
        meters.inputs.cached(answer);
        mine.complete(answer);
        return mine;
    }

    /** Refreshes use at most half of the pending loads, so that misses take precedence. */
    private boolean mayRefresh() {
        return pending.size() < maxPending / 2;
    }

    private void fetch(List<EntityKey> entities, long now) {
        if (entities.isEmpty()) {
            return;
        }
        if (shared.isEmpty()) {
            loader.want(entities);
            return;
        }
        long start = System.nanoTime();
        shared.get().read(entities).whenComplete((found, failure) -> {
            meters.redis.took(start);
            if (failure != null) {
                meters.redis.errors.increment(entities.size());
                loader.want(entities);
            } else {
                loader.want(settleShared(entities, found, now));
            }
        });
    }

    /** Completes the lookups that Redis can answer. Returns the entities that the source has to answer. */
    private List<EntityKey> settleShared(List<EntityKey> entities, Map<EntityKey, CacheEntry> found, long now) {
        List<EntityKey> rest = new ArrayList<>();
        for (EntityKey entity : entities) {
            CacheEntry held = found.get(entity);
            if (held instanceof CacheEntry.Present(FeatureVector known) && known.isFromTheFuture(now)) {
                meters.redis.errors.increment();
                rest.add(entity);
                continue;
            }
            if (held != null && isGoodEnough(entity, held, now)) {
                meters.redis.hits.increment();
                settle(entity, held, now, meters.inputs::cached);
                continue;
            }
            rest.add(entity);
            if (held == null) {
                meters.redis.misses.increment();
            } else {
                meters.redis.stale.increment();
                hold(entity, held); // the fallback if the source fails
            }
        }
        return rest;
    }

    /** A miss accepts any fresh value; its next lookup refreshes it. A refresh needs a value that is itself too young to refresh. */
    private boolean isGoodEnough(EntityKey entity, CacheEntry held, long now) {
        return switch (held) {
            case CacheEntry.Present(FeatureVector known) ->
                l1.getIfPresent(entity) == null
                        ? policy.answer(entity, held, false, now).lookup().isPresent()
                        : policy.isNew(entity, known, now);
            case CacheEntry.Absent absent ->
                policy.answer(entity, absent, false, now).lookup().isPresent();
            case CacheEntry.Failed failed -> false;
        };
    }

    private void loaded(Map<EntityKey, SourceResult> results, long askedMillis) {
        long now = clock.millis();
        Map<EntityKey, CacheEntry> entries = new HashMap<>();
        results.forEach((entity, result) -> {
            switch (result) {
                case SourceResult.Found(FeatureVector vector)
                when vector.isFromTheFuture(now) -> {
                    meters.source.errors.increment();
                    String reason = "version must be at most one hour ahead of the clock, was " + vector.version();
                    settle(entity, new CacheEntry.Failed(now, reason, Optional.empty()), now, meters.inputs::loaded);
                }
                case SourceResult.Found(FeatureVector vector) -> {
                    meters.source.hits.increment();
                    entries.put(entity, settle(entity, new CacheEntry.Present(vector), now, meters.inputs::loaded));
                }
                case SourceResult.NotFound none -> {
                    meters.source.misses.increment();
                    entries.put(
                            entity,
                            settle(
                                    entity,
                                    new CacheEntry.Absent(askedMillis, Optional.empty()),
                                    now,
                                    meters.inputs::loaded));
                }
                case SourceResult.Invalid(String reason) -> {
                    meters.source.errors.increment();
                    settle(entity, new CacheEntry.Failed(now, reason, Optional.empty()), now, meters.inputs::loaded);
                }
            }
        });
        if (!entries.isEmpty()) {
            shared.ifPresent(cache -> cache.write(entries));
        }
    }

    /**
     * Stores the entry, then completes the load. In this order, a lookup that finds no running load finds the entry.
     *
     * @param input counts the answer, if a request waits for it
     */
    private CacheEntry settle(EntityKey entity, CacheEntry entry, long now, Consumer<Lookup> input) {
        CacheEntry held = hold(entity, entry);
        Load load = pending.remove(entity);
        if (load != null) {
            Lookup answer = policy.answer(entity, held, view.servesStale(), now)
                    .lookup()
                    .orElseGet(() -> asItIs(held));
            if (load.isInput) {
                input.accept(answer);
            }
            load.complete(answer);
        }
        return held;
    }

    /** Serves a result that has just been loaded, whatever its age. */
    private static Lookup asItIs(CacheEntry held) {
        return switch (held) {
            case CacheEntry.Present(FeatureVector known) -> new Lookup.Fresh(known);
            case CacheEntry.Absent(long checked, Optional<FeatureVector> last) -> new Lookup.Missing(last);
            case CacheEntry.Failed(long checked, String reason, Optional<FeatureVector> last) ->
                new Lookup.Unavailable(reason);
        };
    }

    @SuppressWarnings("NullAway") // Caffeine passes null for an absent entry
    private CacheEntry hold(EntityKey entity, CacheEntry entry) {
        return l1.asMap()
                .compute(
                        entity,
                        (same, before) -> entry.over(Optional.ofNullable(before))
                                .over(Optional.ofNullable(published.getIfPresent(entity))));
    }

    private void count(CachePolicy.Answer answer) {
        if (answer.lookup().isEmpty()) {
            meters.l1.misses.increment();
            return;
        }
        switch (answer.lookup().get()) {
            case Lookup.Fresh fresh -> meters.l1.hits.increment();
            case Lookup.Stale stale -> meters.l1.stale.increment();
            case Lookup.Missing missing -> meters.l1.hits.increment();
            case Lookup.Unavailable unavailable -> meters.l1.errors.increment();
        }
    }

    private int weight(int keyLength) {
        return ENTRY_BYTES + keyLength + view.features().size() * Float.BYTES;
    }
}
