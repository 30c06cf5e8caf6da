package dev.penstock.ingress.submit;

import java.util.OptionalLong;

/**
 * The 99th percentile of recent latencies, to about 20 %. It counts in buckets that grow by a fifth, and halves all counts from time to
 * time, so that the last thousand count most. Thread-safe.
 */
final class RecentLatency {
    private static final double GROWTH = 1.2;
    private static final double FIRST_NANOS = 100_000;
    private static final int BUCKETS = 100;
    private static final int HALVED_AT = 1000;
    private static final int FEW = 100;
    private static final int RECKONED_EVERY = 50;
    private static final double PERCENTILE = 0.99;

    private final int[] counts = new int[BUCKETS];
    private int total;
    private int sinceReckoned;
    private volatile OptionalLong p99Nanos = OptionalLong.empty();

    synchronized void observe(long nanos) {
        counts[bucket(nanos)]++;
        total++;
        if (total >= HALVED_AT) {
            total = 0;
            for (int i = 0; i < BUCKETS; i++) {
                counts[i] /= 2;
                total += counts[i];
            }
        }
        sinceReckoned++;
        if (total >= FEW && sinceReckoned >= RECKONED_EVERY) {
            sinceReckoned = 0;
            p99Nanos = OptionalLong.of(reckon());
        }
    }

    /** Empty until there are enough latencies to go by. */
    OptionalLong p99Nanos() {
        return p99Nanos;
    }

    private long reckon() {
        long above = total - (long) Math.floor(total * PERCENTILE);
        int bucket = BUCKETS - 1;
        for (long seen = counts[bucket]; seen < above && bucket > 0; seen += counts[bucket]) {
            bucket--;
        }
        return (long) (FIRST_NANOS * Math.pow(GROWTH, bucket));
    }

    /** The upper bound of bucket i is the first bound times the growth to the power of i. */
    private static int bucket(long nanos) {
        double exponent = Math.log(Math.max(1, nanos) / FIRST_NANOS) / Math.log(GROWTH);
        return Math.clamp((long) Math.ceil(exponent), 0, BUCKETS - 1);
    }
}
