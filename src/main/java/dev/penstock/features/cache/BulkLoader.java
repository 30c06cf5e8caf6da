package dev.penstock.features.cache;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import dev.penstock.features.source.FeatureSource;
import dev.penstock.features.vector.EntityKey;
import dev.penstock.features.vector.SourceResult;
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
import java.util.function.ObjLongConsumer;

/**
 * Loads entities from a source in bulk calls. Full calls start at once; {@link CallPacer} delays partly filled ones. Thread-safe. {@link
 * FeatureCache} bounds the queue, and never requests an entity that is already loading.
 */
final class BulkLoader {
    private final FeatureSource source;
    private final CallLimits limits;
    private final FeatureMeters.Tier meters;
    private final ObjLongConsumer<Map<EntityKey, SourceResult>> loaded;
    private final InstantSource clock;

    /** The queue, and the lock for the fields below. */
    private final Deque<EntityKey> wanted = new ArrayDeque<>();

    private final CallPacer pace;
    private int running;
    private long wantedSince;
    private boolean isStarting;
    private boolean willWake;

    /**
     * @param bulkSize the maximum number of entities per call
     * @param calls the maximum number of concurrent calls
     * @param gather how long an entity waits for others before a partly filled call starts
     */
    record CallLimits(int bulkSize, int calls, Duration gather) {}

    /** @param loaded receives one result per requested entity, and the time at which the call was sent, in milliseconds since the epoch */
    BulkLoader(
            FeatureSource source,
            CallLimits limits,
            FeatureMeters.Tier meters,
            ObjLongConsumer<Map<EntityKey, SourceResult>> loaded,
            InstantSource clock) {
        this.source = source;
        this.limits = limits;
        this.meters = meters;
        this.loaded = loaded;
        this.clock = clock;
        this.pace = new CallPacer(limits.calls, limits.gather, System.nanoTime());
    }

    void want(Collection<EntityKey> entities) {
        synchronized (wanted) {
            if (wanted.isEmpty()) {
                wantedSince = System.nanoTime();
            }
            wanted.addAll(entities);
        }
        startDue();
    }

    private void wake() {
        synchronized (wanted) {
            willWake = false;
        }
        startDue();
    }

    /** Runs on one thread at a time. Otherwise a source that answers on the caller's stack would recurse into the next call. */
    private void startDue() {
        synchronized (wanted) {
            if (isStarting) {
                return;
            }
            isStarting = true;
        }
        for (List<EntityKey> call = due(System.nanoTime()); !call.isEmpty(); call = due(System.nanoTime())) {
            call(call);
        }
    }

    /** Returns the entities of the next call. Empty when none is due; a timer or the next change then starts over. */
    private List<EntityKey> due(long now) {
        synchronized (wanted) {
            List<EntityKey> call = new ArrayList<>();
            if (running < limits.calls && !wanted.isEmpty()) {
                long wait = wanted.size() < limits.bulkSize ? pace.waitNanos(wantedSince, now) : 0;
                if (wait <= 0) {
                    while (call.size() < limits.bulkSize && !wanted.isEmpty()) {
                        call.add(wanted.removeFirst());
                    }
                    running++;
                    pace.started(now);
                } else if (!willWake) {
                    willWake = true;
                    CompletableFuture.delayedExecutor(wait, NANOSECONDS, Runnable::run)
                            .execute(this::wake);
                }
            }
            isStarting = !call.isEmpty();
            return call;
        }
    }

    private void call(List<EntityKey> entities) {
        long start = System.nanoTime();
        long askedMillis = clock.millis();
        start(entities).whenComplete((results, failure) -> {
            meters.took(start);
            try {
                loaded.accept(complete(entities, results, failure), askedMillis);
            } finally {
                ended(System.nanoTime() - start, failure == null);
            }
        });
    }

    private void ended(long nanos, boolean isAnswered) {
        synchronized (wanted) {
            running--;
            if (isAnswered) {
                pace.answered(nanos);
            }
        }
        startDue();
    }

    private CompletionStage<Map<EntityKey, SourceResult>> start(List<EntityKey> entities) {
        try {
            return source.load(entities);
        } catch (RuntimeException broken) {
            return CompletableFuture.failedFuture(broken);
        }
    }

    /** Returns a result for each requested entity, and for no other. */
    @SuppressWarnings("NullAway") // CompletionStage passes null for either results or failure
    private static Map<EntityKey, SourceResult> complete(
            List<EntityKey> entities, Map<EntityKey, SourceResult> results, Throwable failure) {
        Map<EntityKey, SourceResult> complete = new LinkedHashMap<>();
        for (EntityKey entity : entities) {
            SourceResult result = failure != null
                    ? new SourceResult.Invalid("the source failed: " + FailureReason.of(failure))
                    : results.getOrDefault(
                            entity, new SourceResult.Invalid("the source returned no result for the entity"));
            complete.put(entity, result);
        }
        return complete;
    }
}
