package dev.penstock.bench;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * The lookups of a view, from a worker's metrics.
 *
 * @param lookups requested entities, each counted once per poll
 * @param l1 lookups answered by L1
 * @param redis entities read from Redis, including background refreshes
 * @param source entities read from the source, including background refreshes
 * @param redisSeconds total duration of Redis calls
 * @param sourceSeconds total duration of source calls
 * @param busySeconds total duration of the calls to all tiers
 */
record TierCounts(
        double lookups,
        double l1,
        double redis,
        double source,
        double redisCalls,
        double redisSeconds,
        double sourceCalls,
        double busySeconds,
        double sourceSeconds) {

    static TierCounts of(Metrics metrics, String view) {
        String label = "view=\"" + view + "\"";
        return new TierCounts(
                metrics.sum("feature_lookups_total", label, "tier=\"l1\""),
                hits(metrics, label, "l1")
                        + metrics.sum("feature_lookups_total", label, "tier=\"l1\"", "result=\"stale\""),
                hits(metrics, label, "redis"),
                hits(metrics, label, "source"),
                metrics.sum("feature_lookup_seconds_count", label, "tier=\"redis\""),
                metrics.sum("feature_lookup_seconds_sum", label, "tier=\"redis\""),
                metrics.sum("feature_lookup_seconds_count", label, "tier=\"source\""),
                metrics.sum("feature_lookup_seconds_sum", label),
                metrics.sum("feature_lookup_seconds_sum", label, "tier=\"source\""));
    }

    TierCounts since(TierCounts earlier) {
        return new TierCounts(
                lookups - earlier.lookups,
                l1 - earlier.l1,
                redis - earlier.redis,
                source - earlier.source,
                redisCalls - earlier.redisCalls,
                redisSeconds - earlier.redisSeconds,
                sourceCalls - earlier.sourceCalls,
                busySeconds - earlier.busySeconds,
                sourceSeconds - earlier.sourceSeconds);
    }

    TierCounts plus(TierCounts more) {
        return since(new TierCounts(
                -more.lookups,
                -more.l1,
                -more.redis,
                -more.source,
                -more.redisCalls,
                -more.redisSeconds,
                -more.sourceCalls,
                -more.busySeconds,
                -more.sourceSeconds));
    }

    /** Returns the share of all lookups; 0 when there were none. */
    double share(double some) {
        return lookups == 0 ? 0 : some / lookups;
    }

    /** The share of lookups answered by L1 or Redis. */
    @JsonProperty
    double hitRatio() {
        return share(l1 + redis);
    }

    /** The time in all tiers per lookup, in milliseconds. */
    @JsonProperty
    double amortisedMillis() {
        return share(busySeconds * 1e3);
    }

    /** The mean duration of a Redis call, in milliseconds. */
    @JsonProperty
    double redisMillis() {
        return redisCalls == 0 ? 0 : redisSeconds * 1e3 / redisCalls;
    }

    /** The mean duration of a source call, in milliseconds. */
    @JsonProperty
    double sourceMillis() {
        return sourceCalls == 0 ? 0 : sourceSeconds * 1e3 / sourceCalls;
    }

    private static double hits(Metrics metrics, String label, String tier) {
        return metrics.sum("feature_lookups_total", label, "tier=\"" + tier + "\"", "result=\"hit\"");
    }
}
