package dev.penstock.batching;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;

/**
 * Decides which waiting requests run together, and when. Confined to one thread; the caller asks only while it can run a batch.
 *
 * <p>Requests wait in one queue a key, earliest deadline first. A queue is due when it fills a batch, when its oldest request has
 * waited {@code maxQueueDelay} since it arrived in the log, or when a deadline falls before that. Of the queues that are due, the one
 * with the earliest deadline runs. What is past its deadline is handed back before anything runs, so no late work ever starts.
 */
public final class Batcher<R> {
    private final BatchPolicy policy;
    private final Map<Object, Queue<R>> queues = new LinkedHashMap<>();
    private long sequence;
    private int waitingRows;
    private boolean draining;

    public Batcher(BatchPolicy policy) {
        this.policy = policy;
    }

    /** @throws IllegalArgumentException when the request has more rows than a batch may hold */
    public void offer(Waiting<R> waiting) {
        if (waiting.rows() > policy.maxBatchSize()) {
            throw new IllegalArgumentException(
                    "rows must be in 1.." + policy.maxBatchSize() + ", was " + waiting.rows());
        }
        queues.computeIfAbsent(waiting.key(), key -> new Queue<>()).add(new Entry<>(waiting, sequence++));
        waitingRows += waiting.rows();
    }

    /** From now on nothing is held back for company. */
    public void drain() {
        draining = true;
    }

    public int waitingRows() {
        return waitingRows;
    }

    /** @param now monotonic nanoseconds, never less than in an earlier call */
    public Step<R> next(long now) {
        List<Waiting<R>> expired = removeExpired(now);
        if (!expired.isEmpty()) {
            return new Step.Expire<>(expired);
        }
        if (queues.isEmpty()) {
            return new Step.Idle<>();
        }
        long wake = Long.MAX_VALUE; // relative to now, so that the comparison survives the wrap of the nano clock
        Optional<Due<R>> chosen = Optional.empty();
        for (Queue<R> queue : queues.values()) {
            Optional<Trigger> trigger = trigger(queue, now);
            if (trigger.isEmpty()) {
                wake = Math.min(wake, queue.dueNanos(policy.maxQueueDelayNanos()) - now);
            } else if (chosen.isEmpty()
                    || queue.earliestDeadline() - chosen.get().queue.earliestDeadline() < 0) {
                chosen = Optional.of(new Due<>(queue, trigger.get()));
            }
        }
        long waitUntil = now + wake;
        return chosen.<Step<R>>map(due -> run(due.queue, due.trigger)).orElseGet(() -> new Step.WaitUntil<>(waitUntil));
    }

    private Optional<Trigger> trigger(Queue<R> queue, long now) {
        if (queue.rows >= policy.maxBatchSize()) {
            return Optional.of(Trigger.FULL);
        }
        if (draining) {
            return Optional.of(Trigger.DRAIN);
        }
        if (now - queue.oldestArrival() >= policy.maxQueueDelayNanos()) {
            return Optional.of(Trigger.DELAY);
        }
        if (queue.earliestDeadline() - now <= policy.maxQueueDelayNanos()) {
            return Optional.of(Trigger.DEADLINE);
        }
        return Optional.empty();
    }

    private Step<R> run(Queue<R> queue, Trigger trigger) {
        List<Waiting<R>> batch = new ArrayList<>();
        int rows = 0;
        while (!queue.isEmpty() && rows + queue.first().rows() <= policy.maxBatchSize()) {
            rows += queue.first().rows();
            batch.add(queue.remove());
        }
        waitingRows -= rows;
        if (queue.isEmpty()) {
            queues.remove(batch.getFirst().key());
        }
        return new Step.Run<>(batch, rows, trigger);
    }

    private List<Waiting<R>> removeExpired(long now) {
        List<Waiting<R>> expired = List.of();
        for (Iterator<Queue<R>> each = queues.values().iterator(); each.hasNext(); ) {
            Queue<R> queue = each.next();
            while (!queue.isEmpty() && queue.earliestDeadline() - now <= 0) {
                if (expired.isEmpty()) {
                    expired = new ArrayList<>();
                }
                waitingRows -= queue.first().rows();
                expired.add(queue.remove());
            }
            if (queue.isEmpty()) {
                each.remove();
            }
        }
        return expired;
    }

    private record Entry<R>(Waiting<R> waiting, long sequence) {}

    private record Due<R>(Queue<R> queue, Trigger trigger) {}

    /** Requests of one key, earliest deadline first, and of equal deadlines the earlier offered. */
    private static final class Queue<R> {
        private final PriorityQueue<Entry<R>> entries = new PriorityQueue<>(Queue::compare);
        private int rows;

        private static <R> int compare(Entry<R> a, Entry<R> b) {
            int byDeadline = Long.signum(a.waiting.deadlineNanos() - b.waiting.deadlineNanos());
            return byDeadline != 0 ? byDeadline : Long.compare(a.sequence, b.sequence);
        }

        void add(Entry<R> entry) {
            rows += entry.waiting.rows();
            entries.add(entry);
        }

        Waiting<R> remove() {
            Waiting<R> first = entries.remove().waiting;
            rows -= first.rows();
            return first;
        }

        boolean isEmpty() {
            return entries.isEmpty();
        }

        Waiting<R> first() {
            return entries.element().waiting;
        }

        long earliestDeadline() {
            return first().deadlineNanos();
        }

        /** A scan, but of less than one batch: a queue that fills a batch is due without it. */
        long oldestArrival() {
            long oldest = first().arrivalNanos();
            for (Entry<R> entry : entries) {
                if (entry.waiting.arrivalNanos() - oldest < 0) {
                    oldest = entry.waiting.arrivalNanos();
                }
            }
            return oldest;
        }

        long dueNanos(long maxQueueDelayNanos) {
            long byDelay = oldestArrival() + maxQueueDelayNanos;
            long byDeadline = earliestDeadline() - maxQueueDelayNanos;
            return byDeadline - byDelay < 0 ? byDeadline : byDelay;
        }
    }
}
