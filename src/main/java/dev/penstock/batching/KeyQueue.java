package dev.penstock.batching;

import java.util.EnumMap;
import java.util.Map;
import java.util.PriorityQueue;

/** What waits of one key, earliest deadline first in each lane, and of equal deadlines the earlier offered. */
final class KeyQueue<R> {
    private static final double LEAST_MEMORY_NANOS = 50e6;

    /** In runs: so long that a single request on an idle system is no load. */
    private static final double MEMORY_RUNS = 10;

    private final Object key;
    private final CostModel costs;
    private final Map<Priority, PriorityQueue<Entry<R>>> lanes = new EnumMap<>(Priority.class);
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
        for (Priority priority : Priority.values()) {
            lanes.put(priority, new PriorityQueue<>());
        }
    }

    void arrived(int count) {
        rate.add(count);
    }

    void add(Entry<R> entry) {
        Part<R> part = entry.part();
        lane(part.of().priority()).add(entry);
        count(part, part.rows());
        long arrival = part.of().arrivalNanos();
        if (rows == part.rows()) {
            oldestArrival = arrival;
            isOldestKnown = true;
        } else if (isOldestKnown && arrival - oldestArrival < 0) {
            oldestArrival = arrival;
        }
    }

    /** Takes the first rows of the first in the lane; the rest of it stays the first. */
    Part<R> take(Priority priority, int count) {
        Entry<R> head = lane(priority).remove();
        Part<R> taken = head.part().first(count);
        count(taken, -count);
        isOldestKnown = false;
        if (count < head.part().rows()) {
            lane(priority).add(new Entry<>(this, head.part().without(count), head.sequence()));
        }
        return taken;
    }

    private void count(Part<R> part, int change) {
        rows += change;
        if (part.of().priority() == Priority.BULK) {
            bulkRows += change;
        }
    }

    private PriorityQueue<Entry<R>> lane(Priority priority) {
        PriorityQueue<Entry<R>> lane = lanes.get(priority);
        if (lane == null) {
            throw new IllegalStateException("every priority has a lane");
        }
        return lane;
    }

    boolean has(Priority priority) {
        return !lane(priority).isEmpty();
    }

    Entry<R> first(Priority priority) {
        return lane(priority).element();
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

    /** Where a batch is full: at the ceiling, or before, where more rows would make each row dearer. */
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

    /** What arrives, and what has piled up, in a time that a caller hardly notices. */
    double demandPerNano(long now) {
        return rowsPerNano(now) + rows / (2 * memoryNanos());
    }

    private double memoryNanos() {
        return Math.max(LEAST_MEMORY_NANOS, MEMORY_RUNS * cost().expectedNanos(1));
    }

    /** A scan, at most once a batch, and only where less than a batch is left: what fills one is run without asking. */
    long oldestArrival() {
        if (!isOldestKnown) {
            boolean none = true;
            for (Priority priority : Priority.values()) {
                for (Entry<R> entry : lane(priority)) {
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
        for (Priority priority : Priority.values()) {
            if (has(priority)) {
                slack = Math.min(slack, first(priority).deadlineNanos() - start);
            }
        }
        return slack;
    }
}
