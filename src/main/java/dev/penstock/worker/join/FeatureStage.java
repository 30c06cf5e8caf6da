package dev.penstock.worker.join;

import dev.penstock.features.cache.Lookup;
import dev.penstock.features.vector.EntityKey;
import dev.penstock.features.vector.FeatureQuality;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.Timings;
import dev.penstock.model.config.PaddingPlanner;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Problem;
import dev.penstock.protocol.Tensor;
import dev.penstock.threads.Time;
import dev.penstock.tracing.RequestTrace;
import dev.penstock.worker.loop.Replies;
import dev.penstock.worker.loop.Task;
import dev.penstock.worker.loop.WorkerLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * The stage before a version's loop: looks up features, and hands each task on once its own are known. The lookups of one poll go out
 * together. A task does not wait for the features of others. {@link #offer} and {@link #goOn()} are confined to the consumer's thread;
 * tasks go on from any thread.
 */
public final class FeatureStage {
    /** Tasks of one poll that are read within this time go on together. */
    private static final long TOGETHER_NANOS = 100_000;

    private final WorkerLoop loop;
    private final PaddingPlanner planner;
    private final Replies replies;
    private final Optional<FeatureJoin> join;
    private final Consumer<Throwable> failed;
    private final Time time;
    private final List<Gathered> gathered = new ArrayList<>();
    private boolean isHandingOn;
    private long handingOnSinceNanos;

    /** A task and the entity of each of its rows. */
    private record Gathered(Task task, List<EntityKey> entities) {}

    /**
     * @param join empty for a model without features: its tasks go on at once
     * @param failed receives what a bug throws
     */
    public FeatureStage(
            WorkerLoop loop,
            PaddingPlanner planner,
            Replies replies,
            Optional<FeatureJoin> join,
            Consumer<Throwable> failed,
            Time time) {
        this.loop = loop;
        this.planner = planner;
        this.replies = replies;
        this.join = join;
        this.failed = failed;
        this.time = time;
    }

    /**
     * Adds a task: to the next lookup, or to the loop when it needs no features. {@link #goOn()} must follow soon.
     *
     * @throws InvalidRequestException when its entities cannot be read
     */
    public void offer(Task task) throws InvalidRequestException {
        List<EntityKey> entities = join.isPresent() ? join.get().entities(task) : List.of();
        if (entities.isEmpty()) {
            handOn(task);
        } else {
            gathered.add(new Gathered(task, entities));
        }
    }

    /** The loop is woken for many tasks at once, and runs them together instead of the first one alone. */
    private void handOn(Task task) {
        loop.add(task);
        long now = time.nanos();
        if (!isHandingOn) {
            isHandingOn = true;
            handingOnSinceNanos = now;
        } else if (now - handingOnSinceNanos > TOGETHER_NANOS) {
            handedOn();
        }
    }

    private void handedOn() {
        isHandingOn = false;
        loop.added();
    }

    /** Ends a poll: what was offered since the last call goes on, or its features are looked up. */
    public void goOn() {
        if (isHandingOn) {
            handedOn();
        }
        if (gathered.isEmpty()) {
            return;
        }
        FeatureJoin features = join.orElseThrow();
        long start = time.nanos();
        List<EntityKey> all = new ArrayList<>();
        gathered.forEach(each -> all.addAll(each.entities));
        Map<EntityKey, CompletableFuture<Lookup>> found = features.cache().lookupEach(all);
        for (Gathered each : gathered) {
            List<CompletableFuture<Lookup>> rows = new ArrayList<>(each.entities.size());
            each.entities.forEach(entity -> rows.add(found.get(entity)));
            CompletableFuture.allOf(rows.toArray(CompletableFuture<?>[]::new))
                    .thenRun(() -> join(features, each, rows, time.nanos() - start))
                    .exceptionally(bug -> {
                        failed.accept(bug);
                        return null;
                    });
        }
        gathered.clear();
    }

    private void join(FeatureJoin features, Gathered gathered, List<CompletableFuture<Lookup>> rows, long nanos) {
        List<Lookup> found = new ArrayList<>(rows.size());
        rows.forEach(row -> found.add(row.join()));
        RequestTrace trace = gathered.task.trace();
        switch (features.join(gathered.task, gathered.entities, found)) {
            case FeatureJoin.Inputs(List<Tensor> inputs, FeatureQuality kind) -> {
                trace.lookedUp(kind.name().toLowerCase(Locale.ROOT), nanos);
                loop.offer(gathered.task.joined(inputs, planner.plan(inputs), new Task.Features(kind, nanos)));
            }
            case FeatureJoin.Failed(Problem problem) -> {
                trace.lookedUp("failed", nanos);
                replies.send(
                        gathered.task,
                        new Outcome.Failed(problem),
                        new Timings(
                                Math.max(0, time.nanos() - gathered.task.arrivalNanos() - nanos) / 1e6,
                                nanos / 1e6,
                                0,
                                0));
            }
        }
    }
}
