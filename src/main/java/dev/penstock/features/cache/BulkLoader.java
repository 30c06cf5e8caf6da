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
 * Asks a source in full calls where it can, and at the {@link CallPace pace} of calls that are not full otherwise. Thread-safe; the queue is bounded
 * by {@link FeatureCache}, which asks for no entity twice at a time.
 */
final class BulkLoader {
    private final FeatureSource source;
    private final Limits limits;
    private final FeatureMeters.Tier meters;
    private final ObjLongConsumer<Map<EntityKey, SourceResult>> loaded;
    private final InstantSource clock;

    /** Guards what follows. */
    private final Deque<EntityKey> wanted = new ArrayDeque<>();

    private final CallPace pace;
    private int running;
    private long wantedSince;
    private boolean isStarting;
    private boolean willWake;

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
        this.pace = new CallPace(limits.calls, limits.gather, System.nanoTime());
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

    /** By one thread at a time: a source that answers on its caller's stack would else start the next call on top of the last. */
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

    /** What to ask for now; when that is nothing, the starting is over, until something changes or the time has come. */
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
