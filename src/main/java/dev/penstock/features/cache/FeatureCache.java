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

/**
 * The features of one view in three tiers: this process (L1), Redis (L2), the source (L3). Thread-safe; no call of it blocks.
 *
 * <p>A batch is looked up as a batch: one pass over L1, one round trip to Redis for all its misses, full calls to the source for what is
 * left, and one pipelined write back. An entity that is being fetched is not fetched again: whoever else wants it waits for the same
 * answer. What is old but good enough is served at once and fetched anew beside.
 */
public final class FeatureCache implements AutoCloseable {
    /** Of an entry beside its values, roughly: keys, references, Caffeine's own. */
    private static final int ENTRY_BYTES = 160;

    private static final int USUAL_KEY_LENGTH = 16;

    /** Longer than a lookup takes, and the way of an update into Redis. */
    private static final Duration PUBLISHED_FOR = Duration.ofSeconds(10);

    private final FeatureView view;
    private final CachePolicy policy;
    private final int maxPending;
    private final InstantSource clock;
    private final Optional<SharedCache> shared;
    private final FeatureSource source;
    private final FeatureMeters meters;
    private final BulkLoader loader;
    private final Cache<EntityKey, Held> l1;

    /** What was published of late: an answer that was under way meanwhile may be older. */
    private final Cache<EntityKey, Held> published;

    /** The single flight: what is being fetched, and the answer to come. */
    private final Map<EntityKey, CompletableFuture<Lookup>> pending = new ConcurrentHashMap<>();

    /**
     * @param maxEntities that L1 holds, when their keys are of the usual length; longer ones count for more
     * @param maxPending entities being fetched at a time; lookups over it are unavailable
     * @param bulkSize entities of one call to the source
     * @param sourceCalls at a time
     */
    public record Limits(int maxEntities, int maxPending, int bulkSize, int sourceCalls, Duration gather) {}

    public FeatureCache(
            FeatureView view,
            CachePolicy policy,
            Limits limits,
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
                new BulkLoader.Limits(limits.bulkSize, limits.sourceCalls, limits.gather),
                meters.source,
                this::loaded,
                clock);
        this.l1 = Caffeine.newBuilder()
                .maximumWeight((long) limits.maxEntities * weight(USUAL_KEY_LENGTH))
                .weigher((EntityKey entity, Held held) -> weight(entity.text().length()))
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

    /** An answer for each of the entities; never fails. Dependants run on whatever thread brought the last answer. */
    public CompletableFuture<Map<EntityKey, Lookup>> lookup(Collection<EntityKey> entities) {
        Map<EntityKey, CompletableFuture<Lookup>> found = find(entities);
        return CompletableFuture.allOf(found.values().toArray(CompletableFuture[]::new))
                .thenApply(done -> {
                    Map<EntityKey, Lookup> answers = new HashMap<>();
                    found.forEach((entity, answer) -> answers.put(entity, answer.join()));
                    return answers;
                });
    }

    /** The same, for those who need not wait for all: what is held is there at once, however long the rest takes. */
    public Map<EntityKey, CompletableFuture<Lookup>> find(Collection<EntityKey> entities) {
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
                answers.put(
                        entity,
                        CompletableFuture.completedFuture(answer.lookup().get()));
                if (answer.refresh()
                        && mayRefresh()
                        && pending.putIfAbsent(entity, new CompletableFuture<>()) == null) {
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

    /** Something was published of an entity: replaces what this process holds of it, if it holds something older. */
    public void update(FeatureUpdate update) {
        published.asMap().merge(update.entity(), update.news(), (before, news) -> news.over(Optional.of(before)));
        l1.asMap()
                .computeIfPresent(update.entity(), (same, held) -> update.news().over(Optional.of(held)));
    }

    /** Whether workers share what they hold. */
    public boolean isShared() {
        return shared.isPresent();
    }

    /** Something was published of entities: replaces what all workers share of them. Fails when it may not have. */
    public CompletionStage<?> share(Collection<FeatureUpdate> updates) {
        Map<EntityKey, Held> news = new HashMap<>();
        for (FeatureUpdate update : updates) {
            news.merge(update.entity(), update.news(), (before, later) -> later.over(Optional.of(before)));
        }
        return shared.<CompletionStage<?>>map(cache -> cache.write(news))
                .orElseGet(() -> CompletableFuture.completedFuture(news));
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

    /** The answer to come; adds the entity to {@code wanted} when it is ours to fetch. */
    private CompletableFuture<Lookup> await(EntityKey entity, long now, List<EntityKey> wanted) {
        boolean mayFetch = pending.size() < maxPending;
        CompletableFuture<Lookup> mine = new CompletableFuture<>();
        CompletableFuture<Lookup> others = mayFetch ? pending.putIfAbsent(entity, mine) : pending.get(entity);
        if (others != null) {
            return others;
        }
        // Another flight may have landed between our look and our start.
        Optional<Lookup> landed = held(entity, now).lookup();
        if (mayFetch && landed.isEmpty()) {
            wanted.add(entity);
            return mine;
        }
        pending.remove(entity, mine);
        mine.complete(landed.orElseGet(() -> new Lookup.Unavailable(
                "more than " + maxPending + " entities of view '" + view.name() + "' are being fetched")));
        return mine;
    }

    /** Whoever misses an entity goes before those who want a newer one than they have. */
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

    /** Settles what Redis knows well enough; gives the rest. */
    private List<EntityKey> settleShared(List<EntityKey> entities, Map<EntityKey, Held> found, long now) {
        List<EntityKey> rest = new ArrayList<>();
        for (EntityKey entity : entities) {
            Held held = found.get(entity);
            if (held instanceof Held.Known(FeatureVector known) && known.isFromTheFuture(now)) {
                meters.redis.errors.increment();
                rest.add(entity);
                continue;
            }
            if (held != null && isGoodEnough(entity, held, now)) {
                meters.redis.hits.increment();
                settle(entity, held, now);
                continue;
            }
            rest.add(entity);
            if (held == null) {
                meters.redis.misses.increment();
            } else {
                meters.redis.stale.increment();
                hold(entity, held); // to fall back to, should the source fail
            }
        }
        return rest;
    }

    /** A refresh wants something newer than what it refreshes; a miss takes what is fresh, and its next lookup refreshes. */
    private boolean isGoodEnough(EntityKey entity, Held held, long now) {
        return switch (held) {
            case Held.Known(FeatureVector known) ->
                l1.getIfPresent(entity) == null
                        ? policy.answer(entity, held, false, now).lookup().isPresent()
                        : policy.isNew(entity, known, now);
            case Held.Absent absent ->
                policy.answer(entity, absent, false, now).lookup().isPresent();
            case Held.Failed failed -> false;
        };
    }

    private void loaded(Map<EntityKey, SourceResult> results, long askedMillis) {
        long now = clock.millis();
        Map<EntityKey, Held> news = new HashMap<>();
        results.forEach((entity, result) -> {
            switch (result) {
                case SourceResult.Found(FeatureVector vector)
                when vector.isFromTheFuture(now) -> {
                    meters.source.errors.increment();
                    String reason = "its version must be an hour ahead of now at most, was " + vector.version();
                    settle(entity, new Held.Failed(now, reason, Optional.empty()), now);
                }
                case SourceResult.Found(FeatureVector vector) -> {
                    meters.source.hits.increment();
                    news.put(entity, settle(entity, new Held.Known(vector), now));
                }
                case SourceResult.NotFound none -> {
                    meters.source.misses.increment();
                    news.put(entity, settle(entity, new Held.Absent(askedMillis, Optional.empty()), now));
                }
                case SourceResult.Broken(String reason) -> {
                    meters.source.errors.increment();
                    settle(entity, new Held.Failed(now, reason, Optional.empty()), now);
                }
            }
        });
        if (!news.isEmpty()) {
            shared.ifPresent(cache -> cache.write(news));
        }
    }

    /** Holds it, and lands the flight: in this order, so that whoever finds no flight finds the value. */
    private Held settle(EntityKey entity, Held news, long now) {
        Held held = hold(entity, news);
        CompletableFuture<Lookup> flight = pending.remove(entity);
        if (flight != null) {
            flight.complete(policy.answer(entity, held, view.servesStale(), now)
                    .lookup()
                    .orElseGet(() -> asItIs(held)));
        }
        return held;
    }

    /** What has just come is as good as can be had, however old. */
    private static Lookup asItIs(Held held) {
        return switch (held) {
            case Held.Known(FeatureVector known) -> new Lookup.Fresh(known);
            case Held.Absent(long checked, Optional<FeatureVector> last) -> new Lookup.Missing(last);
            case Held.Failed(long checked, String reason, Optional<FeatureVector> last) ->
                new Lookup.Unavailable(reason);
        };
    }

    @SuppressWarnings("NullAway") // Caffeine gives null for what was not there
    private Held hold(EntityKey entity, Held news) {
        return l1.asMap()
                .compute(
                        entity,
                        (same, before) -> news.over(Optional.ofNullable(before))
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
