package dev.penstock.tenants.quota;

import java.util.OptionalInt;

/**
 * What a tenant may use: two token buckets, and places for requests that wait.
 *
 * @param requestsPerSecond at which its bucket of requests fills
 * @param requestBurst requests that the full bucket holds
 * @param rowsPerSecond at which its bucket of rows fills
 * @param rowBurst rows that the full bucket holds, and so the most that one request may have
 * @param openRequests accepted and without an outcome at once, of those whose outcome is kept; unlimited when empty
 */
public record Quota(
        double requestsPerSecond, long requestBurst, double rowsPerSecond, long rowBurst, OptionalInt openRequests) {
    private static final double MOST_PER_SECOND = 1e6;
    private static final long MOST_BURST = 1_000_000_000;
    private static final int MOST_OPEN = 1_000_000;

    public Quota {
        requireRate("requestsPerSecond", requestsPerSecond);
        requireBurst("requestBurst", requestBurst);
        requireRate("rowsPerSecond", rowsPerSecond);
        requireBurst("rowBurst", rowBurst);
        if (openRequests.isPresent() && (openRequests.getAsInt() < 1 || openRequests.getAsInt() > MOST_OPEN)) {
            throw new IllegalArgumentException("openRequests must be in 1..1000000, was " + openRequests.getAsInt());
        }
    }

    /** With as many open requests as there may be. */
    public Quota(double requestsPerSecond, long requestBurst, double rowsPerSecond, long rowBurst) {
        this(requestsPerSecond, requestBurst, rowsPerSecond, rowBurst, OptionalInt.empty());
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
