package dev.penstock.tenants.quota;

import java.util.OptionalInt;

/**
 * A tenant's limits: a token bucket for requests, one for rows, and a number of open requests.
 *
 * @param requestsPerSecond refill rate of the request bucket, in (0, 1e6]
 * @param requestBurst capacity of the request bucket, in 1..1e9
 * @param rowsPerSecond refill rate of the row bucket, in (0, 1e6]
 * @param rowBurst capacity of the row bucket, in 1..1e9; also the maximum rows of one request
 * @param openRequests the maximum number of open requests whose outcome will be stored, in 1..1e6; empty for unlimited
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

    /** A quota with unlimited open requests. */
    public Quota(double requestsPerSecond, long requestBurst, double rowsPerSecond, long rowBurst) {
        this(requestsPerSecond, requestBurst, rowsPerSecond, rowBurst, OptionalInt.empty());
    }

    private static void requireRate(String name, double perSecond) {
        if (!(perSecond > 0 && perSecond <= MOST_PER_SECOND)) {
            throw new IllegalArgumentException(name + " must be above 0 and at most 1000000, was " + perSecond);
        }
    }

    private static void requireBurst(String name, long burst) {
        if (burst < 1 || burst > MOST_BURST) {
            throw new IllegalArgumentException(name + " must be in 1..1000000000, was " + burst);
        }
    }
}
