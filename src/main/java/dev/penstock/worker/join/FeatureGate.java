package dev.penstock.worker.join;

import dev.penstock.features.cache.Lookup;
import dev.penstock.features.vector.EntityKey;
import dev.penstock.features.vector.FeatureQuality;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.Timings;
import dev.penstock.model.config.Fitting;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Problem;
import dev.penstock.protocol.Tensor;
import dev.penstock.worker.loop.Replies;
import dev.penstock.worker.loop.Task;
import dev.penstock.worker.loop.WorkerLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Stands before a version's loop: a task goes through when its features are there. What one poll brought is looked up together, and
 * each task goes on when its own entities are known, not when all are. {@link #offer} and {@link #release} are confined to the
 * consumer's thread; tasks go on from any.
 */
public final class FeatureGate {
    private final WorkerLoop loop;
    private final Fitting fitting;
    private final Replies replies;
    private final Optional<FeatureJoin> join;
    private final Consumer<Throwable> failed;
    private final List<Waiting> gathered = new ArrayList<>();

    private record Waiting(Task task, List<EntityKey> entities) {}

    /**
     * @param join empty for a model without features: all goes straight through
     * @param failed told of a bug
     */
    public FeatureGate(
            WorkerLoop loop, Fitting fitting, Replies replies, Optional<FeatureJoin> join, Consumer<Throwable> failed) {
        this.loop = loop;
        this.fitting = fitting;
        this.replies = replies;
        this.join = join;
        this.failed = failed;
    }

    /** @throws InvalidRequestException when its entities cannot be read */
    public void offer(Task task) throws InvalidRequestException {
        List<EntityKey> entities = join.isPresent() ? join.get().entities(task) : List.of();
        if (entities.isEmpty()) {
            loop.offer(task);
        } else {
            gathered.add(new Waiting(task, entities));
        }
    }

    /** Looks up what has gathered. */
    public void release() {
        if (gathered.isEmpty()) {
            return;
        }
        FeatureJoin features = join.orElseThrow();
        long start = System.nanoTime();
        List<EntityKey> all = new ArrayList<>();
        gathered.forEach(waiting -> all.addAll(waiting.entities));
        Map<EntityKey, CompletableFuture<Lookup>> found = features.cache().find(all);
        for (Waiting waiting : gathered) {
            List<CompletableFuture<Lookup>> rows = new ArrayList<>(waiting.entities.size());
            waiting.entities.forEach(entity -> rows.add(found.get(entity)));
            CompletableFuture.allOf(rows.toArray(CompletableFuture<?>[]::new))
                    .thenRun(() -> goOn(features, waiting, rows, System.nanoTime() - start))
                    .exceptionally(bug -> {
                        failed.accept(bug);
                        return null;
                    });
        }
        gathered.clear();
    }

    private void goOn(FeatureJoin features, Waiting waiting, List<CompletableFuture<Lookup>> rows, long nanos) {
        List<Lookup> found = new ArrayList<>(rows.size());
        rows.forEach(row -> found.add(row.join()));
        switch (features.join(waiting.task, waiting.entities, found)) {
            case FeatureJoin.Inputs(List<Tensor> inputs, FeatureQuality kind) ->
                loop.offer(waiting.task.joined(inputs, fitting.of(inputs), new Task.Features(kind, nanos)));
            case FeatureJoin.Refused(Problem problem) ->
                replies.send(
                        waiting.task,
                        new Outcome.Failed(problem),
                        new Timings(
                                Math.max(0, System.nanoTime() - waiting.task.arrivalNanos() - nanos) / 1e6,
                                nanos / 1e6,
                                0,
                                0));
        }
    }
}
