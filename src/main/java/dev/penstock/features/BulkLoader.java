package dev.penstock.features;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.ObjLongConsumer;

/**
 * Asks a source in full calls: what is wanted gathers while others are being answered, and for a moment when none is. Thread-safe; the
 * queue is bounded by {@link FeatureCache}, which asks for no entity twice at a time.
 */
final class BulkLoader {
    private final FeatureSource source;
    private final Limits limits;
    private final FeatureMeters.Tier meters;
    private final ObjLongConsumer<Map<EntityKey, SourceResult>> loaded;
    private final InstantSource clock;
    private final Executor soon;
    private final Deque<EntityKey> wanted = new ArrayDeque<>();
    private int running;
    private boolean gathering;

    /**
     * @param bulkSize entities of a call
     * @param calls at a time
     * @param gather how long an entity waits for others before a call that is not full
     */
    record Limits(int bulkSize, int calls, Duration gather) {}

    /** @param loaded told of every entity once, with a result for each, and since when it is known */
    BulkLoader(
            FeatureSource source,
            Limits limits,
            FeatureMeters.Tier meters,
            ObjLongConsumer<Map<EntityKey, SourceResult>> loaded,
            InstantSource clock) {
        this.source = source;
        this.limits = limits;
        this.meters = meters;
        this.loaded = loaded;
        this.clock = clock;
        this.soon = CompletableFuture.delayedExecutor(limits.gather.toMillis(), MILLISECONDS, Runnable::run);
    }

    void want(Collection<EntityKey> entities) {
        List<List<EntityKey>> calls;
        synchronized (wanted) {
            wanted.addAll(entities);
            calls = due(false);
        }
        calls.forEach(this::call);
    }

    private void gathered() {
        List<List<EntityKey>> calls;
        synchronized (wanted) {
            gathering = false;
            calls = due(true);
        }
        calls.forEach(this::call);
    }

    private void answered() {
        List<List<EntityKey>> calls;
        synchronized (wanted) {
            running--;
            calls = due(true);
        }
        calls.forEach(this::call);
    }

    /** Takes the calls to be made now; with {@code all}, those too that are not full. */
    private List<List<EntityKey>> due(boolean all) {
        List<List<EntityKey>> calls = new ArrayList<>();
        while (running < limits.calls && (wanted.size() >= limits.bulkSize || (all && !wanted.isEmpty()))) {
            List<EntityKey> call = new ArrayList<>();
            while (call.size() < limits.bulkSize && !wanted.isEmpty()) {
                call.add(wanted.removeFirst());
            }
            running++;
            calls.add(call);
        }
        if (!wanted.isEmpty() && running < limits.calls && !gathering) {
            gathering = true;
            soon.execute(this::gathered);
        }
        return calls;
    }

    private void call(List<EntityKey> entities) {
        long start = System.nanoTime();
        long askedMillis = clock.millis();
        start(entities).whenComplete((results, failure) -> {
            meters.took(start);
            try {
                loaded.accept(complete(entities, results, failure), askedMillis);
            } finally {
                answered();
            }
        });
    }

    private CompletionStage<Map<EntityKey, SourceResult>> start(List<EntityKey> entities) {
        try {
            return source.load(entities);
        } catch (RuntimeException broken) {
            return CompletableFuture.failedFuture(broken);
        }
    }

    /** A result for each that was asked for, and for no other. */
    @SuppressWarnings("NullAway") // one of results and failure is null, as CompletionStage has it
    private static Map<EntityKey, SourceResult> complete(
            List<EntityKey> entities, Map<EntityKey, SourceResult> results, Throwable failure) {
        Map<EntityKey, SourceResult> complete = new LinkedHashMap<>();
        for (EntityKey entity : entities) {
            SourceResult result = failure != null
                    ? new SourceResult.Broken("the source cannot be asked: " + Reasons.of(failure))
                    : results.getOrDefault(entity, new SourceResult.Broken("the source did not answer for it"));
            complete.put(entity, result);
        }
        return complete;
    }
}
