package dev.penstock.batching;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Decides which waiting requests run together, and when. Confined to one thread; the caller asks only while it has room for a batch.
 *
 * <p>Requests wait in one queue a key. The queue with the most urgent request goes first: interactive before bulk, earliest deadline
 * first. While the accelerator is busy its batch grows, until it is full or the accelerator is about to be free; on an idle
 * accelerator it starts at once, unless the policy's {@link Window} is open. What would be late by the {@link CostModel} is handed
 * back before anything runs, and a batch stops growing where it would make a member late.
 *
 * <p>Each request costs a few steps in a heap; nothing grows with load but the queues themselves. docs/batching.md has the reasons.
 */
public final class Batcher<R> {
    /** Queues that are kept though empty, for what they have learned. */
    private static final int MOST_QUEUES = 1024;

    private static final List<Priority> BULK_FIRST = List.of(Priority.BULK, Priority.INTERACTIVE);
    private static final List<Priority> INTERACTIVE_FIRST = List.of(Priority.INTERACTIVE, Priority.BULK);

    private final BatchPolicy policy;
    private final CostModel costs;
    private final Map<Object, KeyQueue<R>> queues = new HashMap<>();
    private final Map<Priority, SortedSet<Entry<R>>> heads = new EnumMap<>(Priority.class);
    private final BulkShare bulkShare;
    private long sequence;
    private int waitingRows;
    private int waitingBulkRows;
    private boolean draining;

    public Batcher(BatchPolicy policy, CostModel costs) {
        this.policy = policy;
        this.costs = costs;
        this.bulkShare = new BulkShare(policy.bulkFloor(), policy.maxBatchSize());
        for (Priority priority : Priority.values()) {
            heads.put(priority, new TreeSet<>());
        }
    }

    public void offer(Waiting<R> waiting) {
        KeyQueue<R> queue = queue(waiting.key());
        queue.lowerCeiling(waiting.maxRows());
        queue.arrived(waiting.rows());
        offer(Part.whole(waiting));
    }

    /** Takes back what was handed out and did not run. */
    public void offer(Part<R> part) {
        KeyQueue<R> queue = queue(part.of().key());
        Priority priority = part.of().priority();
        Entry<R> entry = new Entry<>(queue, part, sequence++);
        if (!queue.has(priority)) {
            heads(priority).add(entry);
        } else if (entry.compareTo(queue.first(priority)) < 0) {
            heads(priority).remove(queue.first(priority));
            heads(priority).add(entry);
        }
        queue.add(entry);
        count(part, part.rows());
    }

    /** A batch of that key and so many rows ran out of memory: from now on its batches have half as many at most. */
    public void ranOutOfMemory(Object key, int rows) {
        queue(key).lowerCeiling(rows / 2);
    }

    /** From now on nothing is held back for company. */
    public void drain() {
        draining = true;
    }

    public CostModel costs() {
        return costs;
    }

    public int waitingRows() {
        return waitingRows;
    }

    int keys() {
        return queues.size();
    }

    /** On an idle accelerator. */
    public Step<R> next(long now) {
        return next(now, Room.idle(now));
    }

    /** @param now monotonic nanoseconds, never less than in an earlier call */
    public Step<R> next(long now, Room room) {
        if (waitingRows == 0) {
            return new Step.Idle<>();
        }
        long start = room.surelyFreeAtNanos() - now > 0 ? room.surelyFreeAtNanos() : now;
        long grows = room.freeAtNanos() - room.leadNanos() - now;
        long wake = Long.MAX_VALUE; // relative to now, so that the comparison survives the wrap of the nano clock
        boolean isBulkOwed = waitingBulkRows > 0 && bulkShare.owedRows() > 0;
        for (Priority priority : isBulkOwed ? BULK_FIRST : INTERACTIVE_FIRST) {
            for (Entry<R> head : heads(priority)) {
                KeyQueue<R> queue = head.queue();
                List<Part<R>> late = takeLate(queue, now, start);
                if (!late.isEmpty()) {
                    return new Step.Expire<>(late);
                }
                boolean isFull = queue.rows() >= queue.limit();
                if (grows > 0 && !isFull && !draining) {
                    return new Step.WaitUntil<>(now + grows);
                }
                long hold = isFull || draining
                        ? 0
                        : policy.window().nanos(queue.rows(), queue.rowsPerNano(now), queue.cost());
                Optional<Trigger> trigger = trigger(queue, now, hold);
                if (trigger.isPresent()) {
                    return run(queue, start, trigger.get());
                }
                wake = Math.min(wake, untilDue(queue, now, hold));
            }
        }
        return new Step.WaitUntil<>(now + wake);
    }

    private Optional<Trigger> trigger(KeyQueue<R> queue, long now, long hold) {
        if (queue.rows() >= queue.limit()) {
            return Optional.of(Trigger.FULL);
        }
        if (draining) {
            return Optional.of(Trigger.DRAIN);
        }
        if (hold > 0
                && !policy.preferredSizes().isEmpty()
                && queue.rows() >= policy.preferredSizes().getFirst()) {
            return Optional.of(Trigger.FULL);
        }
        if (hold <= 0 || queue.oldestArrival() + hold - now <= 0) {
            return Optional.of(Trigger.DELAY);
        }
        return untilDue(queue, now, hold) <= 0 ? Optional.of(Trigger.DEADLINE) : Optional.empty();
    }

    /** Nanoseconds from now. A deadline ends the wait early, with as much to spare as the wait might have been long. */
    private long untilDue(KeyQueue<R> queue, long now, long hold) {
        long byDelay = queue.oldestArrival() + hold - now;
        long byDeadline = queue.slack(now) - hold - (long) queue.cost().p95Nanos(queue.limit());
        return Math.min(byDelay, byDeadline);
    }

    private List<Part<R>> takeLate(KeyQueue<R> queue, long now, long start) {
        List<Part<R>> late = List.of();
        for (Priority priority : INTERACTIVE_FIRST) {
            while (queue.has(priority) && isLate(queue.first(priority), now, start)) {
                if (late.isEmpty()) {
                    late = new ArrayList<>();
                }
                late.add(take(queue, priority, queue.first(priority).part().rows()));
            }
        }
        if (!late.isEmpty() && queue.isEmpty()) {
            queue.cost().doubt();
            forgetIfMany(queue);
        }
        return late;
    }

    /**
     * Whether the batch that must be run would make it late. That batch has as many rows as keeping up takes: under overload, a
     * request that has time left only for a small batch is given up, or else all that follow would be late in small batches too.
     */
    private boolean isLate(Entry<R> entry, long now, long start) {
        KeyQueue<R> queue = entry.queue();
        int rows = entry.part().rows();
        int limit = queue.limit();
        double slack = entry.deadlineNanos() - start;
        CostCurve cost = queue.cost();
        if (rows > limit) {
            double batches = Math.floorDiv(rows, limit) * cost.p95Nanos(limit);
            return slack <= 0 || (rows % limit == 0 ? batches : batches + cost.p95Nanos(rows % limit)) > slack;
        }
        if (slack > 0 && cost.p95Nanos(limit) <= slack) {
            return false;
        }
        int needed = Math.min(queue.rows(), cost.neededRows(queue.demandPerNano(now), limit));
        return slack <= 0 || cost.p95Nanos(Math.max(rows, needed)) > slack;
    }

    private Step<R> run(KeyQueue<R> queue, long start, Trigger trigger) {
        Formation formation = new Formation(queue, start);
        int limit = trigger == Trigger.FULL && policy.preferredSizes().isEmpty() ? queue.limit() : preferred(queue);
        formation.fill(Priority.BULK, Math.min(limit, bulkShare.owedRows()));
        formation.fill(Priority.INTERACTIVE, limit);
        formation.fill(Priority.BULK, limit);
        forgetIfMany(queue);
        bulkShare.ran(formation.rows, formation.bulkRows, waitingBulkRows > 0);
        return formation.close(trigger);
    }

    /** How many rows to run: all, or the next lower preferred size where that costs no more a row; the rest follows. */
    private int preferred(KeyQueue<R> queue) {
        int rows = Math.min(queue.rows(), queue.limit());
        int preferred = 0;
        for (int size : policy.preferredSizes()) {
            preferred = size <= rows ? size : preferred;
        }
        CostCurve cost = queue.cost();
        boolean isCheaper = cost.expectedNanos(preferred) * rows <= cost.expectedNanos(rows) * preferred;
        return preferred > 0 && isCheaper ? preferred : rows;
    }

    private Part<R> take(KeyQueue<R> queue, Priority priority, int rows) {
        heads(priority).remove(queue.first(priority));
        Part<R> taken = queue.take(priority, rows);
        if (queue.has(priority)) {
            heads(priority).add(queue.first(priority));
        }
        count(taken, -rows);
        return taken;
    }

    private void count(Part<R> part, int change) {
        waitingRows += change;
        if (part.of().priority() == Priority.BULK) {
            waitingBulkRows += change;
        }
    }

    private KeyQueue<R> queue(Object key) {
        KeyQueue<R> queue = queues.get(key);
        if (queue == null) {
            queue = new KeyQueue<>(key, policy.maxBatchSize(), costs);
            queues.put(key, queue);
        }
        return queue;
    }

    private void forgetIfMany(KeyQueue<R> queue) {
        if (queue.isEmpty() && queues.size() > MOST_QUEUES) {
            queues.remove(queue.key());
        }
    }

    private SortedSet<Entry<R>> heads(Priority priority) {
        SortedSet<Entry<R>> ofPriority = heads.get(priority);
        if (ofPriority == null) {
            throw new IllegalStateException("every priority has heads");
        }
        return ofPriority;
    }

    /** A batch as it is put together: earliest deadline first, never past the point where it would make a member late. */
    private final class Formation {
        private final KeyQueue<R> queue;
        private final long start;
        private final List<Part<R>> parts = new ArrayList<>();
        private long slack = Long.MAX_VALUE;
        private int rows;
        private int bulkRows;

        Formation(KeyQueue<R> queue, long start) {
            this.queue = queue;
            this.start = start;
        }

        void fill(Priority priority, int upTo) {
            while (rows < upTo && queue.has(priority)) {
                Entry<R> head = queue.first(priority);
                int taken = Math.min(head.part().rows(), upTo - rows);
                long slackWith = Math.min(slack, head.deadlineNanos() - start);
                if (!parts.isEmpty() && queue.cost().p95Nanos(rows + taken) > slackWith) {
                    return;
                }
                slack = slackWith;
                rows += taken;
                bulkRows += priority == Priority.BULK ? taken : 0;
                parts.add(take(queue, priority, taken));
            }
        }

        Step<R> close(Trigger trigger) {
            long latestStart = start + slack - (long) queue.cost().p95Nanos(rows);
            return new Step.Run<>(parts, rows, trigger, latestStart);
        }
    }
}
