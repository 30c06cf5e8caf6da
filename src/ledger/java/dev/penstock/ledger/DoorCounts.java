package dev.penstock.ledger;

import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.HdrHistogram.AbstractHistogram;
import org.HdrHistogram.IntCountsHistogram;

/** Counts what happens at one door. */
final class DoorCounts {
    /** Longer latencies count as this one. */
    private static final long MAX_LATENCY_MILLIS = 3_600_000;

    long sent;
    long notSent;
    long accepted;
    long timedOut;
    long open;
    long duplicates;
    long confirmed;
    private long latestMillis;
    private final Map<Integer, Long> refused = new TreeMap<>();
    private final Map<Event.Doubt, Long> doubts = new EnumMap<>(Event.Doubt.class);
    private final Map<Sighting.Status, AbstractHistogram> outcomes = new EnumMap<>(Sighting.Status.class);

    void refused(int code) {
        refused.merge(code, 1L, Long::sum);
    }

    void inDoubt(Event.Doubt doubt) {
        doubts.merge(doubt, 1L, Long::sum);
    }

    void settled(Sighting.Status status, long latencyMillis) {
        outcomes.computeIfAbsent(status, s -> new IntCountsHistogram(1, MAX_LATENCY_MILLIS, 3))
                .recordValue(Math.clamp(latencyMillis, 0, MAX_LATENCY_MILLIS));
    }

    void late(long millis) {
        latestMillis = Math.max(latestMillis, millis);
    }

    DoorTotals totals() {
        return new DoorTotals(
                sent,
                notSent,
                accepted,
                timedOut,
                refused,
                doubts,
                outcomes.entrySet().stream()
                        .collect(Collectors.toMap(Map.Entry::getKey, each -> latency(each.getValue()))),
                open,
                duplicates,
                confirmed,
                latestMillis);
    }

    private static DoorTotals.Latency latency(AbstractHistogram millis) {
        return new DoorTotals.Latency(
                millis.getTotalCount(),
                millis.getValueAtPercentile(50),
                millis.getValueAtPercentile(99),
                millis.getMaxValue());
    }
}
