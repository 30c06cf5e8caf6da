package dev.penstock.ledger;

import java.util.Map;

/**
 * The totals of one door.
 *
 * @param accepted requests that the service took, those with a 504 included
 * @param timedOut requests that were answered with 504; each also has an outcome, or is open
 * @param refused requests that were not taken, by status code
 * @param doubts requests that may have been taken, by the reason for the doubt
 * @param outcomes requests by their first outcome, with latencies
 * @param open accepted requests without an outcome
 * @param duplicates replies that repeated an outcome
 * @param confirmed polls that found an outcome again, unchanged
 * @param latestMillis the longest time between a deadline and an outcome that came after it; 0 if none did
 */
public record DoorTotals(
        long sent,
        long notSent,
        long accepted,
        long timedOut,
        Map<Integer, Long> refused,
        Map<Event.Doubt, Long> doubts,
        Map<Sighting.Status, Latency> outcomes,
        long open,
        long duplicates,
        long confirmed,
        long latestMillis) {

    /** How long outcomes took, from the sending of the request to the first sighting. */
    public record Latency(long count, long p50Millis, long p99Millis, long maxMillis) {}

    public DoorTotals {
        refused = Map.copyOf(refused);
        doubts = Map.copyOf(doubts);
        outcomes = Map.copyOf(outcomes);
    }

    public long settled() {
        return outcomes.values().stream().mapToLong(Latency::count).sum();
    }

    public long outcomes(Sighting.Status status) {
        Latency latency = outcomes.get(status);
        return latency == null ? 0 : latency.count();
    }

    public long allRefused() {
        return refused.values().stream().mapToLong(Long::longValue).sum();
    }

    public long allInDoubt() {
        return doubts.values().stream().mapToLong(Long::longValue).sum();
    }
}
