package dev.penstock.batching;

import dev.penstock.protocol.Lane;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Decides which waiting requests run together, and when. Confined to one thread. The caller asks only while it has room for a batch.
 *
 * <p>Requests wait in one queue per key. The queue with the most urgent request goes first: interactive before bulk, then the earliest
 * deadline. While the accelerator is busy, the next batch grows until it is full or the accelerator is about to be free. On an idle
 * accelerator a batch starts at once, unless the policy's {@link Window} is open. Requests that would be late by the {@link CostModel}
 * are returned as expired before anything runs. A batch stops growing where one more request would make a member late.
 *
 * <p>Each request costs a few steps in a heap. Only the queues grow with load. docs/batching.md explains the reasons.
 */
public final class Batcher<R> {
    /** Above this number, empty queues are dropped. Until then they are kept for what they have learned. */
    private static final int MOST_QUEUES = 1024;

    private static final int MOST_REFUSED = 64;

    private static final List<Lane> BULK_FIRST = List.of(Lane.BULK, Lane.INTERACTIVE);
    private static final List<Lane> INTERACTIVE_FIRST = List.of(Lane.INTERACTIVE, Lane.BULK);

    private final BatchPolicy policy;
    private final CostModel costs;
    private final Map<Object, KeyQueue<R>> queues = new HashMap<>();
    private final Map<Lane, SortedSet<Entry<R>>> heads = new EnumMap<>(Lane.class);
    private final BulkShare bulkShare;
    private long sequence;
    private int waitingRows;
    private int waitingBulkRows;
    private boolean draining;

    public Batcher(BatchPolicy policy, CostModel costs) {
        this.policy = policy;
        this.costs = costs;
        this.bulkShare = new BulkShare(policy.bulkFloor(), policy.maxBatchSize());
        for (Lane lane : Lane.values()) {
            heads.put(lane, new TreeSet<>());
        }
    }

    /** Adds a request. */
    public void offer(QueuedRequest<R> request) {
        admit(Part.whole(request));
    }

    /** Adds a part that waited elsewhere. */
    public void admit(Part<R> part) {
        KeyQueue<R> queue = queue(part.of().key());
        queue.lowerCeiling(part.of().maxRows());
        queue.arrived(part.rows());
        offer(part);
    }

    /** Takes back a part that was returned in a batch and did not run. */
    public void offer(Part<R> part) {
        KeyQueue<R> queue = queue(part.of().key());
        Lane lane = part.of().lane();
        Entry<R> entry = new Entry<>(queue, part, sequence++);
        if (!queue.has(lane)) {
            heads(lane).add(entry);
        } else if (entry.compareTo(queue.first(lane)) < 0) {
            heads(lane).remove(queue.first(lane));
            heads(lane).add(entry);
        }
        queue.add(entry);
        count(part, part.rows());
    }

    /** Takes all parts that wait. The caller offers those again that go on waiting. */
    public List<Part<R>> takeAll() {
        List<Part<R>> taken = new ArrayList<>();
        for (Lane lane : Lane.values()) {
            while (!heads(lane).isEmpty()) {
                Entry<R> head = heads(lane).first();
                taken.add(take(head.queue(), lane, head.part().rows()));
            }
        }
        return taken;
    }

    /**
     * Takes parts that may share a batch, the most urgent first, to be run elsewhere. Parts are taken whole.
     *
     * @param rows the most rows
     * @param isWanted what it refuses stays; after {@value #MOST_REFUSED} of those the search ends
     */
    public List<Part<R>> take(int rows, Predicate<Part<R>> isWanted) {
        List<Part<R>> taken = new ArrayList<>();
        List<Part<R>> left = new ArrayList<>();
        Optional<KeyQueue<R>> queue = mostUrgent();
        int takenRows = 0;
        for (Lane lane : INTERACTIVE_FIRST) {
            while (queue.isPresent() && queue.get().has(lane) && left.size() < MOST_REFUSED) {
                int next = queue.get().first(lane).part().rows();
                if (takenRows + next > rows) {
                    break;
                }
                Part<R> part = take(queue.get(), lane, next);
                if (isWanted.test(part)) {
                    taken.add(part);
                    takenRows += next;
                } else {
                    left.add(part);
                }
            }
        }
        left.forEach(this::offer);
        return taken;
    }

    private Optional<KeyQueue<R>> mostUrgent() {
        for (Lane lane : INTERACTIVE_FIRST) {
            if (!heads(lane).isEmpty()) {
                return Optional.of(heads(lane).first().queue());
            }
        }
        return Optional.empty();
    }

    /** The expected time of all that waits in full batches, in nanoseconds, by the costs of all keys together. */
    public double backlogNanos(int sessions) {
        CostCurve cost = costs.ofAll();
        int limit = mostRows();
        int rest = waitingRows % limit;
        int full = waitingRows / limit;
        double all = full * cost.expectedNanos(limit) + (rest > 0 ? cost.expectedNanos(rest) : 0);
        return Math.max(all / sessions, waitingRows > 0 ? cost.expectedNanos(Math.min(waitingRows, limit)) : 0);
    }

    /** Halves the ceiling: a batch of this key with so many rows ran out of memory. */
    public void ranOutOfMemory(Object key, int rows) {
        queue(key).lowerCeiling(rows / 2);
    }

    /** From now on no request is held back to fill a batch. */
    public void drain() {
        draining = true;
    }

    public CostModel costs() {
        return costs;
    }

    public int waitingRows() {
        return waitingRows;
    }

    /** The rows of a batch of this key when enough of them wait. */
    public int targetRows(Object key) {
        KeyQueue<R> queue = queue(key);
        return policy.preferredSizes().isEmpty() ? queue.limit() : preferred(queue, queue.limit());
    }

    /** The most rows of a batch, by the costs of all keys together. */
    public int mostRows() {
        return costs.ofAll().worthwhileRows(policy.maxBatchSize());
    }

    int keys() {
        return queues.size();
    }

    /** The next step on an idle accelerator. */
    public Step<R> next(long now) {
        return next(now, Room.idle(now));
    }

    /**
     * The next step. Call it again after each batch or expiry, until it says to wait.
     *
     * @param now monotonic nanoseconds, never less than in an earlier call
     */
    public Step<R> next(long now, Room room) {
        if (waitingRows == 0) {
            return new Step.Idle<>();
        }
        long start = room.surelyFreeAtNanos() - now > 0 ? room.surelyFreeAtNanos() : now;
        long grows = room.freeAtNanos() - room.leadNanos() - now;
        long wake = Long.MAX_VALUE; // relative to now, so that the comparison survives the wrap of the nano clock
        boolean isBulkOwed = waitingBulkRows > 0 && bulkShare.owedRows() > 0;
        for (Lane lane : isBulkOwed ? BULK_FIRST : INTERACTIVE_FIRST) {
            for (Entry<R> head : heads(lane)) {
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

    /** Nanoseconds from now until the wait ends. A deadline ends it early, with a margin as long as the full wait. */
    private long untilDue(KeyQueue<R> queue, long now, long hold) {
        long byDelay = queue.oldestArrival() + hold - now;
        long byDeadline = queue.slack(now) - hold - (long) queue.cost().p95Nanos(queue.limit());
        return Math.min(byDelay, byDeadline);
    }

    private List<Part<R>> takeLate(KeyQueue<R> queue, long now, long start) {
        List<Part<R>> late = List.of();
        for (Lane lane : INTERACTIVE_FIRST) {
            while (queue.has(lane) && isLate(queue.first(lane), now, start)) {
                if (late.isEmpty()) {
                    late = new ArrayList<>();
                }
                late.add(take(queue, lane, queue.first(lane).part().rows()));
            }
        }
        if (!late.isEmpty() && queue.isEmpty()) {
            queue.cost().doubt();
            forgetIfMany(queue);
        }
        return late;
    }

    /**
     * Whether the entry would be late in the batch that must run next. That batch has as many rows as it takes to keep up with the
     * load. Under overload, a request that has time left only for a small batch is therefore given up. Otherwise all requests after it
     * would be late in small batches too.
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
        formation.fill(Lane.BULK, Math.min(limit, bulkShare.owedRows()));
        formation.fill(Lane.INTERACTIVE, limit);
        formation.fill(Lane.BULK, limit);
        forgetIfMany(queue);
        bulkShare.ran(formation.rows, formation.bulkRows, waitingBulkRows > 0);
        return formation.close(trigger);
    }

    private int preferred(KeyQueue<R> queue) {
        return preferred(queue, Math.min(queue.rows(), queue.limit()));
    }

    /** Of so many rows, those to run: all, or the next lower preferred size if it costs no more per row. The rest follow later. */
    private int preferred(KeyQueue<R> queue, int rows) {
        int preferred = 0;
        for (int size : policy.preferredSizes()) {
            preferred = size <= rows ? size : preferred;
        }
        CostCurve cost = queue.cost();
        boolean isCheaper = cost.expectedNanos(preferred) * rows <= cost.expectedNanos(rows) * preferred;
        return preferred > 0 && isCheaper ? preferred : rows;
    }

    private Part<R> take(KeyQueue<R> queue, Lane lane, int rows) {
        heads(lane).remove(queue.first(lane));
        Part<R> taken = queue.take(lane, rows);
        if (queue.has(lane)) {
            heads(lane).add(queue.first(lane));
        }
        count(taken, -rows);
        return taken;
    }

    private void count(Part<R> part, int change) {
        waitingRows += change;
        if (part.of().lane() == Lane.BULK) {
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

    private SortedSet<Entry<R>> heads(Lane lane) {
        SortedSet<Entry<R>> ofLane = heads.get(lane);
        if (ofLane == null) {
            throw new IllegalStateException("every lane has heads");
        }
        return ofLane;
    }

    /** A batch that is being formed: earliest deadline first, and never so large that a member would be late. */
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

        void fill(Lane lane, int upTo) {
            while (rows < upTo && queue.has(lane)) {
                Entry<R> head = queue.first(lane);
                int taken = Math.min(head.part().rows(), upTo - rows);
                long slackWith = Math.min(slack, head.deadlineNanos() - start);
                if (!parts.isEmpty() && queue.cost().p95Nanos(rows + taken) > slackWith) {
                    return;
                }
                slack = slackWith;
                rows += taken;
                bulkRows += lane == Lane.BULK ? taken : 0;
                parts.add(take(queue, lane, taken));
            }
        }

        Step<R> close(Trigger trigger) {
            long latestStart = start + slack - (long) queue.cost().p95Nanos(rows);
            return new Step.Run<>(parts, rows, trigger, latestStart);
        }
    }
}
