package dev.penstock.tenants;

/**
 * What a tenant may use: two token buckets.
 *
 * @param requestsPerSecond at which its bucket of requests fills
 * @param requestBurst requests that the full bucket holds
 * @param rowsPerSecond at which its bucket of rows fills
 * @param rowBurst rows that the full bucket holds, and so the most that one request may have
 */
public record Quota(double requestsPerSecond, long requestBurst, double rowsPerSecond, long rowBurst) {
    private static final double MOST_PER_SECOND = 1e6;
    private static final long MOST_BURST = 1_000_000_000;

    public Quota {
        requireRate("requestsPerSecond", requestsPerSecond);
        requireBurst("requestBurst", requestBurst);
        requireRate("rowsPerSecond", rowsPerSecond);
        requireBurst("rowBurst", rowBurst);
    }

    private static void requireRate(String name, double perSecond) {
        if (!(perSecond > 0 && perSecond <= MOST_PER_SECOND)) {
            throw new IllegalArgumentException(name + " must be over 0 and up to 1000000, was " + perSecond);
        }
    }

    private static void requireBurst(String name, long burst) {
        if (burst < 1 || burst > MOST_BURST) {
            throw new IllegalArgumentException(name + " must be in 1..1000000000, was " + burst);
        }
    }
}
