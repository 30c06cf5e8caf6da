package dev.penstock.bench;

import java.util.Map;

/**
 * What a load cost the broker, all clients together.
 *
 * @param records that were written; each is read once
 */
record KafkaCost(long produces, long fetches, long commits, long all, long records) {

    /** Between two readings of a broker. */
    static KafkaCost of(Map<String, Long> before, Map<String, Long> after, long records) {
        return new KafkaCost(
                since(before, after, "Produce"),
                since(before, after, "Fetch"),
                since(before, after, "OffsetCommit"),
                after.keySet().stream()
                        // A second count of the same requests, by who sent them.
                        .filter(kind -> !kind.equals("FetchConsumer") && !kind.equals("FetchFollower"))
                        .mapToLong(kind -> since(before, after, kind))
                        .sum(),
                records);
    }

    private static long since(Map<String, Long> before, Map<String, Long> after, String kind) {
        return after.getOrDefault(kind, 0L) - before.getOrDefault(kind, 0L);
    }

    /** How many records each of these requests had. */
    double recordsOf(long requests) {
        return requests == 0 ? Double.NaN : (double) records / requests;
    }
}
