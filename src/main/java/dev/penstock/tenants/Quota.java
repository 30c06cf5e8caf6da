package dev.penstock.tenants;

/**
 * What a tenant may use: two token buckets, and a number of asynchronous requests without an outcome.
 *
 * @param requestsPerSecond at which its bucket of requests fills
 * @param requestBurst requests that the full bucket holds
 * @param rowsPerSecond at which its bucket of rows fills
 * @param rowBurst rows that the full bucket holds
 * @param concurrentAsync asynchronous requests that may wait for their outcome at one time
 */
public record Quota(
        double requestsPerSecond, long requestBurst, double rowsPerSecond, long rowBurst, int concurrentAsync) {}
