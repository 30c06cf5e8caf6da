package dev.penstock.protocol;

import java.time.Duration;
import java.util.OptionalInt;

/**
 * Says that a model needs no worker while nobody asks for it, and what may wait until one has started.
 *
 * @param start from the first request that waits to a worker that is ready, at most: what starts workers has to notice, a machine to be
 *     found, and the model to load
 * @param requestsPerSecond that the first worker answers at least; empty if it is not known
 */
public record ScaleToZero(Duration start, OptionalInt requestsPerSecond) {
    public static final Duration LEAST_START = Duration.ofSeconds(1);
    public static final Duration MOST_START = Duration.ofHours(1);
    public static final int MOST_REQUESTS_PER_SECOND = 1_000_000;

    public ScaleToZero {
        if (start.compareTo(LEAST_START) < 0 || start.compareTo(MOST_START) > 0) {
            throw new IllegalArgumentException("start must be in 1s..1h, was " + start);
        }
        requestsPerSecond.ifPresent(rate -> {
            if (rate < 1 || rate > MOST_REQUESTS_PER_SECOND) {
                throw new IllegalArgumentException(
                        "requests_per_second must be in 1.." + MOST_REQUESTS_PER_SECOND + ", was " + rate);
            }
        });
    }
}
