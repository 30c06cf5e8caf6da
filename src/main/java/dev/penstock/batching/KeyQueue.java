package dev.penstock.batching;

import dev.penstock.protocol.Lane;
import java.util.EnumMap;
import java.util.Map;
import java.util.PriorityQueue;

/** The waiting requests of one key. In each lane the earliest deadline is first; among equal deadlines, the first that was offered. */
final class KeyQueue<R> {
    private static final double LEAST_MEMORY_NANOS = 50e6;

    /** The memory of the arrival rate, in runs. It is long enough that a single request on an idle system is no load. */
    private static final double MEMORY_RUNS = 10;

    private final Object key;
    private final CostModel costs;
    private final Map<Lane, PriorityQueue<Entry<R>>> lanes = new EnumMap<>(Lane.class);
    private final ArrivalRate rate = new ArrivalRate();
    private int rows;
    private int bulkRows;
    private int ceiling;
    private long oldestArrival;
    private boolean isOldestKnown;

    KeyQueue(Object key, int ceiling, CostModel costs) {
        this.key = key;
        this.ceiling = ceiling;
        this.costs = costs;
        for (Lane lane : Lane.values()) {
            lanes.put(lane, new PriorityQueue<>());
        }
    }

    void arrived(int count) {
        rate.add(count);
    }

    void add(Entry<R> entry) {
        Part<R> part = entry.part();
        entries(part.of().lane()).add(entry);
        count(part, part.rows());
        long arrival = part.of().arrivalNanos();
        if (rows == part.rows()) {
            oldestArrival = arrival;
            isOldestKnown = true;
        } else if (isOldestKnown && arrival - oldestArrival < 0) {
            oldestArrival = arrival;
        }
    }

    /** Takes the first rows of the first request in the lane. The remaining rows of it stay first. */
    Part<R> take(Lane lane, int count) {
        Entry<R> head = entries(lane).remove();
        Part<R> taken = head.part().first(count);
        count(taken, -count);
        isOldestKnown = false;
        if (count < head.part().rows()) {
            entries(lane).add(new Entry<>(this, head.part().without(count), head.sequence()));
        }
        return taken;
    }

    private void count(Part<R> part, int change) {
        rows += change;
        if (part.of().lane() == Lane.BULK) {
            bulkRows += change;
        }
    }

    private PriorityQueue<Entry<R>> entries(Lane lane) {
        PriorityQueue<Entry<R>> ofLane = lanes.get(lane);
        if (ofLane == null) {
            throw new IllegalStateException("every lane has entries");
        }
        return ofLane;
    }

    boolean has(Lane lane) {
        return !entries(lane).isEmpty();
    }

    Entry<R> first(Lane lane) {
        return entries(lane).element();
    }

    boolean isEmpty() {
        return rows == 0;
    }

    Object key() {
        return key;
    }

    int rows() {
        return rows;
    }

    int bulkRows() {
        return bulkRows;
    }

    int ceiling() {
        return ceiling;
    }

    /** The rows of a full batch: the ceiling, or fewer where more rows would make each row more expensive. */
    int limit() {
        return cost().worthwhileRows(ceiling);
    }

    void lowerCeiling(int most) {
        ceiling = Math.max(1, Math.min(ceiling, most));
    }

    CostCurve cost() {
        return costs.curve(key);
    }

    double rowsPerNano(long now) {
        return rate.rowsPerNano(now, memoryNanos());
    }

    /** The rows to serve per nanosecond: those that arrive, and those that wait, spread over a time that a caller hardly notices. */
    double demandPerNano(long now) {
        return rowsPerNano(now) + rows / (2 * memoryNanos());
    }

    private double memoryNanos() {
        return Math.max(LEAST_MEMORY_NANOS, MEMORY_RUNS * cost().expectedNanos(1));
    }

    /** The earliest arrival. Scans at most once per batch, and only if less than a full batch waits: a full one runs without asking. */
    long oldestArrival() {
        if (!isOldestKnown) {
            boolean none = true;
            for (Lane lane : Lane.values()) {
                for (Entry<R> entry : entries(lane)) {
                    long arrival = entry.part().of().arrivalNanos();
                    if (none || arrival - oldestArrival < 0) {
                        oldestArrival = arrival;
                    }
                    none = false;
                }
            }
            isOldestKnown = true;
        }
        return oldestArrival;
    }

    /** Nanoseconds from {@code start} to the earliest deadline. */
    long slack(long start) {
        long slack = Long.MAX_VALUE;
        for (Lane lane : Lane.values()) {
            if (has(lane)) {
                slack = Math.min(slack, first(lane).deadlineNanos() - start);
            }
        }
        return slack;
    }
}
