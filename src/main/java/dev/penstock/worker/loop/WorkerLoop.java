package dev.penstock.worker.loop;

import dev.penstock.batching.Part;
import dev.penstock.batching.QueuedRequest;
import dev.penstock.batching.Step;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.Timings;
import dev.penstock.model.InferenceException;
import dev.penstock.protocol.Problem;
import dev.penstock.protocol.Tensor;
import dev.penstock.threads.LoopThread;
import dev.penstock.tracing.BatchTrace;
import dev.penstock.tracing.RequestTrace;
import dev.penstock.worker.accepted.Effort;
import dev.penstock.worker.accepted.ReplyAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;

/**
 * The worker's duty cycle for one model version: takes new requests, answers finished ones, and starts the batches that the batcher
 * returns. Has no clock and no thread of its own. {@link #step} is confined to one thread; {@link #offer} and completions come from
 * other threads and wake it.
 *
 * <p>A batch that fails is halved and run again, until each request at fault is alone. That request fails with the reason, and its
 * neighbours succeed. A batch that runs out of memory goes back to the batcher, which makes smaller ones from then on.
 *
 * <p>While the centre that runs the batches is away, the fallback runs them. Without one, synchronous calls fail at once. Other requests
 * wait until the centre is back or until their deadline. They go to the next owner of their partition when the partition moves, or when
 * the loop drains.
 *
 * <p>Where local sessions run the batches, and a centre what is too much for them, requests go to the centre if it will have answered them
 * before the local sessions have run all that waits. What fails there runs locally.
 */
public final class WorkerLoop {
    /** At most one part in this many of a request's time is set aside for delivery, so that a stalled broker does not expire them all. */
    private static final int DELIVERY_DIVISOR = 4;

    private final Site home;
    private final Optional<Site> overflow;
    private final Optional<Site> fallback;
    private final Optional<AnswerCache> cache;
    private final Replies replies;
    private final WorkerMeters meters;
    private final Consumer<String> deviceLost;
    private final Runnable wake;
    private final Queue<Task> arrived = new ConcurrentLinkedQueue<>();
    private final Queue<Finished> finished = new ConcurrentLinkedQueue<>();
    private final SplitRequests splits = new SplitRequests();
    private final Load load = new Load();

    /** Whether an arrival must wake the thread. While no slot is free it need not, and waking a thread is expensive. */
    private volatile boolean takesArrivals = true;

    private volatile boolean draining;

    /**
     * @param sites one of each kind at most. Without one of kind HOME, the first is the home
     * @param cache of answers that are given again
     * @param deviceLost receives the reason when an accelerator is broken until the process restarts
     * @param wake makes the thread that steps this loop step it again soon; called from any thread
     */
    public WorkerLoop(
            List<Site> sites,
            Optional<AnswerCache> cache,
            Replies replies,
            WorkerMeters meters,
            Consumer<String> deviceLost,
            Runnable wake) {
        this.home = site(sites, Site.Kind.HOME).orElseGet(sites::getFirst);
        this.overflow = site(sites, Site.Kind.OVERFLOW);
        this.fallback = site(sites, Site.Kind.FALLBACK).filter(site -> site != home);
        this.cache = cache;
        this.replies = replies;
        this.meters = meters;
        this.deviceLost = deviceLost;
        this.wake = wake;
    }

    private static Optional<Site> site(List<Site> sites, Site.Kind kind) {
        return sites.stream().filter(site -> site.kind() == kind).findFirst();
    }

    /** Adds a request; from any thread. */
    public void offer(Task task) {
        add(task);
        added();
    }

    /** Adds one of several requests, which the loop may find only at {@link #added}; from any thread. */
    public void add(Task task) {
        arrived.add(task);
    }

    /** Makes the loop look for what was added. */
    public void added() {
        if (takesArrivals) {
            wake.run();
        }
    }

    /** From now on no request is held back to fill a batch. From any thread; the batcher learns it within the next step. */
    public void drain() {
        draining = true;
        wake.run();
    }

    /**
     * One turn.
     *
     * @return nanoseconds after which to step again unless woken earlier, or {@link LoopThread#UNTIL_WOKEN} when only an arrival or a
     *     completion can change anything
     */
    public long step(long now) {
        takesArrivals = true;
        load.passed(now, !home.isIdle());
        if (draining) {
            home.batcher().drain();
            fallback.ifPresent(site -> site.batcher().drain());
        }
        for (Task task = arrived.poll(); task != null; task = arrived.poll()) {
            arrive(task, now);
        }
        for (Finished run = finished.poll(); run != null; run = finished.poll()) {
            settle(run, now);
        }
        if (draining && home.outage().reason().isPresent()) {
            decideOnWaiting(home.outage().reason().get(), now);
        }
        long wait = turn(home, now);
        overflow.ifPresent(site -> moveWhatIsAnsweredSooner(site, now));
        if (fallback.isPresent()) {
            wait = Math.min(wait, turn(fallback.get(), now));
        }
        // During an outage synchronous calls fail as soon as they come.
        takesArrivals = home.hasFreeSlot()
                || home.outage().reason().isPresent()
                || overflow.isPresent()
                || fallback.isPresent();
        return wait;
    }

    /** Starts what can start at a site. Returns as {@link #step} does. */
    private long turn(Site site, long now) {
        for (Optional<SessionSlots> free = site.soonestFree(now); free.isPresent(); free = site.soonestFree(now)) {
            if (!site.halves().isEmpty()) {
                startAgain(site, site.halves().removeFirst(), free.get(), now);
                continue;
            }
            switch (site.batcher().next(now, free.get().room(now))) {
                case Step.Run<Task> run -> {
                    int target = site.batcher().targetRows(run.key());
                    meters.batch(run.rows(), target, site.costs().expectedNanos(run.key(), target), run.trigger());
                    start(site, run.batch(), run.latestStartNanos(), free.get(), now);
                }
                case Step.Expire<Task> expire -> {
                    for (Part<Task> part : expire.parts()) {
                        late(site, part, now);
                    }
                }
                case Step.WaitUntil<Task> wait -> {
                    return Math.max(0, wait.nanos() - now);
                }
                case Step.Idle<Task> idle -> {
                    return LoopThread.UNTIL_WOKEN;
                }
            }
        }
        return site.rest(now); // otherwise a completion wakes it
    }

    /** A site has too little time left for a request. */
    private void late(Site site, Part<Task> part, long now) {
        if (site == home && fallback.isPresent()) {
            fallback.get().batcher().admit(part);
        } else {
            expire(site, part, now);
        }
    }

    /**
     * Runs batches elsewhere while no session at home has a free slot. While it is not known how long runs take there, one request at a time
     * finds out. What an edge has passed on stays, so that no request goes round in a circle.
     */
    private void moveWhatIsAnsweredSooner(Site there, long now) {
        while (!home.hasFreeSlot() && home.batcher().waitingRows() > 0) {
            Optional<SessionSlots> idle = there.soonestFree(now).filter(SessionSlots::isIdle);
            boolean isTry = !there.isKnown(now);
            int rows = isTry
                    ? 1
                    : Math.min(home.batcher().waitingRows(), there.batcher().mostRows());
            boolean isSooner = isTry ? there.isIdle() : there.costs().expectedNanos(rows) < home.backlogNanos(now);
            if (idle.isEmpty() || !isSooner) {
                return;
            }
            List<Part<Task>> moved =
                    home.batcher().take(rows, part -> mayMove(part) && (isTry || isInTime(part, there, rows, now)));
            if (moved.isEmpty()) {
                return;
            }
            start(there, moved, latestDeadline(moved, now), idle.get(), now);
        }
    }

    private static boolean mayMove(Part<Task> part) {
        return part.isWhole() && !part.request().record().source().isFromEdge();
    }

    private static boolean isInTime(Part<Task> part, Site there, int rows, long now) {
        return part.of().deadlineNanos() - now
                > there.costs().p95Nanos(part.of().key(), rows);
    }

    private void arrive(Task task, long now) {
        boolean isInTime = task.deadlineNanos() - now >= 0;
        if (cache.isEmpty() || !isInTime) {
            queue(task, now);
            return;
        }
        // While requests wait for a centre, none waits for another: a synchronous call must fail at once.
        boolean mayWait = fallback.isPresent() || home.heldUp(now).isEmpty();
        switch (cache.get().find(task, mayWait, now)) {
            case AnswerCache.Found.Hit hit -> {
                task.record().effort(Effort.RAN);
                Outcome outcome = replies.isCancelled(task)
                        ? new Outcome.Cancelled()
                        : replies.outcome(task, hit.answer().outputs(), 0, hit.remarks(now));
                reply(task, outcome, now, 0, 0);
            }
            case AnswerCache.Found.Joined joined -> {} // answered with the one that it waits for
            case AnswerCache.Found.Missed missed -> queue(task, now);
        }
    }

    private void queue(Task task, long now) {
        Optional<Problem> heldUp = home.heldUp(now);
        if (heldUp.isPresent() && fallback.isPresent()) {
            fallback.get().batcher().offer(queued(task));
        } else if (heldUp.isPresent() && isAwaited(task)) {
            reply(task, new Outcome.Failed(heldUp.get()), now, 0, 0);
        } else {
            home.batcher().offer(queued(task));
        }
    }

    private QueuedRequest<Task> queued(Task task) {
        long allowed = task.deadlineNanos() - task.arrivalNanos();
        long delivery = Math.min(replies.deliveryNanos(), Math.max(0, allowed / DELIVERY_DIVISOR));
        return new QueuedRequest<>(
                task,
                task.batchKey(),
                task.maxRows(),
                task.lane(),
                task.rows(),
                task.arrivalNanos(),
                task.deadlineNanos() - delivery);
    }

    /** Runs half of a failed batch. It is not mixed with other requests, so that the fault is found. Its deadlines hold as for any batch. */
    private void startAgain(Site site, List<Part<Task>> half, SessionSlots session, long now) {
        long start = session.room(now).surelyFreeAtNanos();
        long p95 = (long) site.costs().p95Nanos(half.getFirst().of().key(), rows(half));
        List<Part<Task>> inTime = new ArrayList<>(half.size());
        for (Part<Task> part : half) {
            if (part.of().deadlineNanos() - p95 - start < 0) {
                late(site, part, now);
            } else {
                inTime.add(part);
            }
        }
        long latestStart = inTime.stream()
                .mapToLong(part -> part.of().deadlineNanos() - p95 - start)
                .min()
                .orElse(0);
        start(site, inTime, start + latestStart, session, now);
    }

    private void start(Site site, List<Part<Task>> batch, long latestStartNanos, SessionSlots session, long now) {
        List<Part<Task>> wanted = new ArrayList<>(batch);
        wanted.removeIf(part -> isCancelled(part, now));
        if (splits.open() > 0) {
            wanted.removeIf(part -> splits.isGivenUp(part) && !splits.giveUp(part));
        }
        if (wanted.isEmpty()) {
            return;
        }
        List<List<Tensor>> inputs = new ArrayList<>(wanted.size());
        for (Part<Task> part : wanted) {
            inputs.add(inputs(part));
        }
        Object key = wanted.getFirst().of().key();
        int rows = rows(wanted);
        Accelerator accelerator = session.take(
                now, site.costs().expectedNanos(key, rows), site.costs().p95Nanos(key, rows));
        List<Part<Task>> running = wanted;
        BatchTrace trace = trace(wanted);
        accelerator.start(
                new Accelerator.Batch(inputs, latestStartNanos, latestEnd(site, wanted, now), trace), result -> {
                    finished.add(new Finished(
                            site, session, accelerator, running, rows, now, latestStartNanos, trace, result));
                    wake.run();
                });
    }

    /** The last deadline of a batch, or so much earlier that the site that runs it otherwise has time for it. */
    private long latestEnd(Site site, List<Part<Task>> batch, long now) {
        long latest = latestDeadline(batch, now);
        Object key = batch.getFirst().of().key();
        double kept = switch (site.kind()) {
            case HOME ->
                fallback.map(other -> other.costs().p95Nanos(key, rows(batch))).orElse(0.0);
            case OVERFLOW -> home.costs().p95Nanos(key, rows(batch)) + home.backlogNanos(now);
            case FALLBACK -> 0;
        };
        return latest - (long) Math.min(kept, (latest - now) / 2.0);
    }

    private static long latestDeadline(List<Part<Task>> batch, long now) {
        long left = 0;
        for (Part<Task> part : batch) {
            left = Math.max(left, part.of().deadlineNanos() - now);
        }
        return now + left;
    }

    /** Asks at the last moment: after this, the part runs. */
    private boolean isCancelled(Part<Task> part, long now) {
        boolean cancelled = replies.isCancelled(part.request());
        if (cancelled) {
            giveUp(part, new Outcome.Cancelled(), now, 0, now);
        }
        return cancelled;
    }

    private static List<Tensor> inputs(Part<Task> part) {
        Task task = part.request();
        return part.isWhole() ? task.inputs() : task.inputRows(part.fromRow(), part.rows());
    }

    private void settle(Finished run, long now) {
        switch (run.result) {
            case Accelerator.Ran ran -> {
                run.site.ran(run.key(), run.rows, ran.nanos(), now);
                run.session.assembled(ran.assemblyNanos());
                if (run.site.kind() != Site.Kind.OVERFLOW) {
                    meters.ran(ran.nanos(), ran.startNanos() - run.latestStartNanos > 0);
                }
                countRun(run.batch);
                run.traced(ran.startNanos(), ran.startNanos() + ran.nanos(), Optional.empty());
                answer(run, ran, now);
            }
            case Accelerator.TooLate late -> {
                meters.recalled();
                run.batch.forEach((run.site.kind() == Site.Kind.OVERFLOW ? home : run.site).batcher()::offer);
            }
            case Accelerator.Broke broke -> {
                run.traced(run.startedNanos, now, Optional.of(broke.kind().name()));
                Problem why = Problem.of(Problem.Kind.UNAVAILABLE, broke.reason());
                if (run.site.kind() == Site.Kind.OVERFLOW) {
                    comeBack(run, why, now);
                } else if (broke.kind() == InferenceException.Kind.UNAVAILABLE) {
                    away(run, why, now);
                } else {
                    run.site.outage().ended();
                    countRun(run.batch);
                    broke(run, broke, now);
                }
            }
        }
        run.session.giveBack(run.accelerator, now);
    }

    /** A request that is split over several batches is counted with its first row. */
    private static void countRun(List<Part<Task>> batch) {
        for (Part<Task> part : batch) {
            if (part.fromRow() == 0) {
                part.request().record().countRun();
            }
        }
    }

    private static BatchTrace trace(List<Part<Task>> batch) {
        List<RequestTrace> traced = List.of();
        for (Part<Task> part : batch) {
            RequestTrace trace = part.request().trace();
            if (trace.isTraced()) {
                traced = traced.isEmpty() ? new ArrayList<>() : traced;
                traced.add(trace);
            }
        }
        return traced.isEmpty() ? BatchTrace.NONE : traced.getFirst().batch(traced);
    }

    private void broke(Finished run, Accelerator.Broke broke, long now) {
        if (broke.kind() == InferenceException.Kind.DEVICE_LOST) {
            deviceLost.accept(broke.reason());
        }
        if (broke.kind() == InferenceException.Kind.OUT_OF_MEMORY) {
            meters.ranOutOfMemory();
        }
        if (broke.kind() == InferenceException.Kind.OUT_OF_MEMORY && run.rows > 1) {
            run.site.batcher().ranOutOfMemory(run.key(), run.rows);
            run.batch.forEach(run.site.batcher()::offer);
        } else if (run.batch.size() > 1) {
            int middle = run.batch.size() / 2;
            run.site.halves().add(run.batch.subList(0, middle));
            run.site.halves().add(run.batch.subList(middle, run.batch.size()));
        } else {
            Outcome failed = new Outcome.Failed(Problem.of(Problem.Kind.INFERENCE_FAILED, broke.reason()));
            giveUp(run.batch.getFirst(), failed, run.startedNanos, run.rows, now);
        }
    }

    /** Whatever the reason is, the sessions at home decide: the centre may have another model under this name. */
    private void comeBack(Finished run, Problem why, long now) {
        run.site.failed(why, now);
        run.batch.forEach(home.batcher()::admit);
    }

    /**
     * Nothing has run, so that this is no run of the requests. If another batch has run meanwhile, the centre is there, and the failure
     * costs no others.
     */
    private void away(Finished run, Problem why, long now) {
        boolean isOutage = !run.site.hasRunSince(run.startedNanos);
        if (isOutage) {
            run.site.failed(why, now);
        }
        run.batch.forEach(part -> decide(part, why, run.startedNanos, now));
        if (isOutage) {
            decideOnWaiting(why, now);
        }
    }

    private void decideOnWaiting(Problem why, long now) {
        home.batcher().takeAll().forEach(part -> decide(part, why, now, now));
    }

    /** What becomes of a part that nothing can run now. */
    private void decide(Part<Task> part, Problem why, long startedNanos, long now) {
        if (isOver(part, now)) {
            giveUp(part, new Outcome.Expired(), startedNanos, 0, now);
        } else if (fallback.isPresent()) {
            fallback.get().batcher().admit(part);
        } else if (isAwaited(part.request())) {
            giveUp(part, new Outcome.Failed(why), startedNanos, 0, now);
        } else if (!isCancelled(part, now)) {
            waitOrLeave(part, now);
        }
    }

    private void waitOrLeave(Part<Task> part, long now) {
        if (!draining && !part.request().record().isAnothers()) {
            home.batcher().offer(part);
            release(part.request(), now);
        } else if (part.isWhole() || splits.giveUp(part)) {
            part.request().record().giveBack();
            release(part.request(), now);
        }
    }

    private static boolean isAwaited(Task task) {
        return task.record().replyTo().filter(ReplyAddress::isOfAWaitingCall).isPresent();
    }

    private static boolean isOver(Part<Task> part, long now) {
        return part.of().deadlineNanos() - now < 0;
    }

    /** Makes all outcomes first and then sends them, so that the replies leave together. */
    private void answer(Finished run, Accelerator.Ran ran, long now) {
        List<Answer> answers = new ArrayList<>(run.batch.size());
        Map<String, Object> remarks = run.site.remarks();
        int from = 0;
        for (Part<Task> part : run.batch) {
            Task task = part.request();
            if (!part.isWhole()) {
                splits.add(part, ran.outputs(), from, remarks)
                        .ifPresent(all -> answer(task, all.outputs(), 0, all.remarks(), now, answers));
            } else {
                answer(task, ran.outputs(), from, remarks, now, answers);
            }
            from += part.rows();
        }
        meters.answered(run.site.kind(), answers.size());
        replies.together(answers.size(), () -> {
            for (Answer answer : answers) {
                reply(answer.task, answer.outcome, run.startedNanos, ran.nanos(), run.rows);
            }
        });
    }

    /** Adds the answer to a request, and to those that waited for the same. */
    private void answer(
            Task task, List<Tensor> outputs, int from, Map<String, Object> remarks, long now, List<Answer> answers) {
        if (cache.filter(answersKept -> answersKept.isLeader(task)).isEmpty()) {
            answers.add(new Answer(task, replies.outcome(task, outputs, from, remarks)));
            return;
        }
        List<Tensor> own = SplitRequests.copies(task.paddingPlan().layout(), outputs, from, task.rows());
        answers.add(new Answer(task, replies.outcome(task, own, 0, with(remarks, AnswerCache.MISS))));
        List<Task> waited = remarks.isEmpty()
                ? cache.get().answered(task, own, now)
                : cache.get().abandoned(task); // the answer of another model is not this one's
        for (Task same : waited) {
            Outcome outcome = replies.isCancelled(same)
                    ? new Outcome.Cancelled()
                    : replies.outcome(same, own, 0, with(remarks, AnswerCache.JOINED));
            answers.add(new Answer(same, outcome));
        }
    }

    private static Map<String, Object> with(Map<String, Object> remarks, Map<String, Object> more) {
        Map<String, Object> all = new HashMap<>(remarks);
        all.putAll(more);
        return all;
    }

    /**
     * Notes the effort as given up if the request waited because others ran. It did not if it was already too late when it came, or if
     * sessions were idle for most of the time: then its deadline was short, and says nothing of how fast this worker is.
     */
    private void expire(Site site, Part<Task> part, long now) {
        long latestStart = part.of().deadlineNanos()
                - (long) site.costs().p95Nanos(part.of().key(), part.rows());
        if (load.isHigh() && latestStart - part.request().arrivalNanos() > 0) {
            part.request().record().effort(Effort.GIVEN_UP);
        }
        giveUp(part, new Outcome.Expired(), now, 0, now);
    }

    private void giveUp(Part<Task> part, Outcome outcome, long startedNanos, int batchRows, long now) {
        if (part.isWhole() || splits.giveUp(part)) {
            reply(part.request(), outcome, startedNanos, 0, batchRows);
            release(part.request(), now);
        }
    }

    /** The request has no answer, so that those that waited for the same have to run. */
    private void release(Task task, long now) {
        cache.ifPresent(answers -> answers.abandoned(task).forEach(same -> queue(same, now)));
    }

    private void reply(Task task, Outcome outcome, long startedNanos, long computeNanos, int batchRows) {
        // A request that arrives during a turn may be later than the start of the turn.
        long queueNanos = Math.max(0, startedNanos - task.arrivalNanos() - task.featuresNanos());
        meters.waited(task.lane(), queueNanos);
        if (batchRows > 0) {
            task.record().effort(Effort.RAN);
        }
        replies.send(
                task,
                outcome,
                new Timings(queueNanos / 1e6, task.featuresNanos() / 1e6, computeNanos / 1e6, batchRows));
    }

    private static int rows(List<Part<Task>> batch) {
        int rows = 0;
        for (Part<Task> part : batch) {
            rows += part.rows();
        }
        return rows;
    }

    private record Answer(Task task, Outcome outcome) {}

    private record Finished(
            Site site,
            SessionSlots session,
            Accelerator accelerator,
            List<Part<Task>> batch,
            int rows,
            long startedNanos,
            long latestStartNanos,
            BatchTrace trace,
            Accelerator.Result result) {
        void traced(long startNanos, long endNanos, Optional<String> error) {
            trace.ran(new BatchTrace.Run(rows, batch.size(), startNanos, endNanos, error));
        }

        Object key() {
            return batch.getFirst().of().key();
        }
    }
}
