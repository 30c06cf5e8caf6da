package dev.penstock.worker;

import dev.penstock.batching.Batcher;
import dev.penstock.batching.Step;
import dev.penstock.batching.Waiting;
import dev.penstock.protocol.Outcome;
import dev.penstock.protocol.Problem;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.Timings;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The worker's duty cycle for one model version: take what arrived, answer what finished, start what the batcher says. Has no clock
 * and no thread of its own; {@link #step} is confined to one thread, {@link #offer} and completions come from others and wake it.
 *
 * <p>A batch that fails is halved and run again until the rows at fault are alone: they fail with the reason, their neighbours
 * succeed.
 */
final class WorkerLoop {
    /** What {@link #step} returns when there is nothing to wait for but an arrival or a completion. */
    static final long UNTIL_WOKEN = Long.MAX_VALUE;

    private final Batcher<Task> batcher;
    private final Replies replies;
    private final WorkerMeters meters;
    private final Runnable wake;
    private final Queue<Task> arrived = new ConcurrentLinkedQueue<>();
    private final Queue<Finished> finished = new ConcurrentLinkedQueue<>();
    private final Deque<Accelerator> free;
    private final Deque<List<Task>> halves = new ArrayDeque<>();

    /** @param wake makes the thread that steps this loop step it again soon; called from any thread */
    WorkerLoop(
            Batcher<Task> batcher,
            Collection<? extends Accelerator> accelerators,
            Replies replies,
            WorkerMeters meters,
            Runnable wake) {
        this.batcher = batcher;
        this.free = new ArrayDeque<>(accelerators);
        this.replies = replies;
        this.meters = meters;
        this.wake = wake;
    }

    /** Adds a request; from any thread. */
    void offer(Task task) {
        arrived.add(task);
        wake.run();
    }

    /** From now on nothing waits for company. */
    void drain() {
        batcher.drain();
    }

    /**
     * One turn.
     *
     * @return nanoseconds after which to step again unless woken earlier, or {@link #UNTIL_WOKEN}
     */
    long step(long now) {
        for (Task task = arrived.poll(); task != null; task = arrived.poll()) {
            batcher.offer(new Waiting<>(task, task.batchKey(), task.rows(), task.arrivalNanos(), task.deadlineNanos()));
        }
        for (Finished run = finished.poll(); run != null; run = finished.poll()) {
            settle(run);
        }
        while (!free.isEmpty()) {
            if (!halves.isEmpty()) {
                start(halves.removeFirst(), now);
                continue;
            }
            switch (batcher.next(now)) {
                case Step.Run<Task> run -> {
                    meters.batch(run.rows(), run.trigger());
                    start(run.batch().stream().map(Waiting::request).toList(), now);
                }
                case Step.Expire<Task> expire -> expire.requests().forEach(waiting -> expire(waiting.request(), now));
                case Step.WaitUntil<Task> wait -> {
                    return Math.max(0, wait.nanos() - now);
                }
                case Step.Idle<Task> idle -> {
                    return UNTIL_WOKEN;
                }
            }
        }
        return UNTIL_WOKEN;
    }

    private void start(List<Task> batch, long now) {
        Accelerator accelerator = free.removeFirst();
        List<List<Tensor>> inputs = new ArrayList<>(batch.size());
        for (Task task : batch) {
            inputs.add(task.inputs());
        }
        accelerator.start(inputs, result -> {
            finished.add(new Finished(accelerator, batch, now, result));
            wake.run();
        });
    }

    private void settle(Finished run) {
        switch (run.result) {
            case Accelerator.Ran ran -> answer(run, ran);
            case Accelerator.Broke broke -> {
                if (run.batch.size() == 1) {
                    Task task = run.batch.getFirst();
                    reply(
                            task,
                            new Outcome.Failed(Problem.of(Problem.Kind.INFERENCE_FAILED, broke.reason())),
                            run.startedNanos,
                            0,
                            task.rows());
                } else {
                    int middle = run.batch.size() / 2;
                    halves.add(run.batch.subList(0, middle));
                    halves.add(run.batch.subList(middle, run.batch.size()));
                }
            }
        }
        free.addFirst(run.accelerator);
    }

    private void answer(Finished run, Accelerator.Ran ran) {
        meters.ran(ran.nanos());
        int rows = run.batch.stream().mapToInt(Task::rows).sum();
        int from = 0;
        for (Task task : run.batch) {
            reply(task, replies.outcome(task, ran.outputs(), from), run.startedNanos, ran.nanos(), rows);
            from += task.rows();
        }
    }

    private void expire(Task task, long now) {
        reply(task, new Outcome.Expired(), now, 0, 0);
    }

    private void reply(Task task, Outcome outcome, long startedNanos, long computeNanos, int batchRows) {
        // What arrives during a turn may be later than the time that the turn began with.
        long queueNanos = Math.max(0, startedNanos - task.arrivalNanos());
        meters.waited(task.lane(), queueNanos);
        replies.send(task, outcome, new Timings(queueNanos / 1e6, task.featuresMs(), computeNanos / 1e6, batchRows));
    }

    private record Finished(Accelerator accelerator, List<Task> batch, long startedNanos, Accelerator.Result result) {}
}
