package dev.penstock.features.cache;

import dev.penstock.features.source.FeatureSource;
import dev.penstock.features.vector.EntityKey;
import dev.penstock.features.vector.FeatureVector;
import dev.penstock.features.vector.SourceResult;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** A fake source. Records its calls, and answers at once or, while held back, when released. */
final class ScriptedSource implements FeatureSource {
    final List<List<EntityKey>> calls = new CopyOnWriteArrayList<>();
    final Map<EntityKey, Float> rows = new ConcurrentHashMap<>();
    final Map<EntityKey, Long> versions = new ConcurrentHashMap<>();
    final Map<EntityKey, String> broken = new ConcurrentHashMap<>();
    volatile boolean down;
    volatile boolean heldBack;

    private final InstantSource clock;
    private final List<Runnable> waiting = new ArrayList<>();

    ScriptedSource(InstantSource clock) {
        this.clock = clock;
    }

    @Override
    public CompletionStage<Map<EntityKey, SourceResult>> load(Collection<EntityKey> entities) {
        long asked = clock.millis();
        CompletableFuture<Map<EntityKey, SourceResult>> answer = new CompletableFuture<>();
        Runnable answering = () -> {
            if (down) {
                answer.completeExceptionally(new IllegalStateException("down"));
            } else {
                answer.complete(results(entities, asked));
            }
        };
        synchronized (waiting) {
            if (heldBack) {
                waiting.add(answering);
                calls.add(List.copyOf(entities));
                return answer;
            }
        }
        calls.add(List.copyOf(entities));
        answering.run();
        return answer;
    }

    void letGo() {
        List<Runnable> all;
        synchronized (waiting) {
            heldBack = false;
            all = List.copyOf(waiting);
            waiting.clear();
        }
        all.forEach(Runnable::run);
    }

    @Override
    public void close() {}

    private Map<EntityKey, SourceResult> results(Collection<EntityKey> entities, long asked) {
        Map<EntityKey, SourceResult> results = new HashMap<>();
        for (EntityKey entity : entities) {
            Float row = rows.get(entity);
            String reason = broken.get(entity);
            results.put(
                    entity,
                    reason != null
                            ? new SourceResult.Invalid(reason)
                            : row == null
                                    ? new SourceResult.NotFound()
                                    : new SourceResult.Found(new FeatureVector(
                                            new float[] {row, -row}, versions.getOrDefault(entity, asked), asked)));
        }
        return results;
    }
}
