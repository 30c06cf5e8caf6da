package dev.penstock.bench;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * What a worker's metrics say about the lookups of a view.
 *
 * @param lookups entities that requests asked for, each once in a poll
 * @param l1 of them, held by the process; {@code redis} and {@code source}: entities that came from there, those fetched anew beside included
 * @param redisSeconds that calls to Redis took, added up; {@code sourceSeconds} likewise, and {@code busySeconds} those of all tiers
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

    /** Of all lookups; 0 when there were none. */
    double share(double some) {
        return lookups == 0 ? 0 : some / lookups;
    }

    /** Answered by L1 or Redis. */
    @JsonProperty
    double hitRatio() {
        return share(l1 + redis);
    }

    /** Time that all tiers took, for each lookup. */
    @JsonProperty
    double amortisedMillis() {
        return share(busySeconds * 1e3);
    }

    /** Of a call to Redis. */
    @JsonProperty
    double redisMillis() {
        return redisCalls == 0 ? 0 : redisSeconds * 1e3 / redisCalls;
    }

    /** Of a call to the source. */
    @JsonProperty
    double sourceMillis() {
        return sourceCalls == 0 ? 0 : sourceSeconds * 1e3 / sourceCalls;
    }

    private static double hits(Metrics metrics, String label, String tier) {
        return metrics.sum("feature_lookups_total", label, "tier=\"" + tier + "\"", "result=\"hit\"");
    }
}
