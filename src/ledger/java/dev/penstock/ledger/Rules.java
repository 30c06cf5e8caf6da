package dev.penstock.ledger;

import java.time.Duration;

/**
 * The limits of a ledger.
 *
 * @param grace the time after a deadline within which an outcome must be visible
 * @param maxRequests bounds the memory: about 200 bytes for each request
 * @param maxListed the violations that are kept in full; others are only counted
 */
public record Rules(Duration grace, int maxRequests, int maxListed) {
    public Rules {
        require(!grace.isNegative(), "grace must not be negative, was " + grace);
        require(maxRequests >= 1, "maxRequests must be 1 or more, was " + maxRequests);
        require(maxListed >= 1, "maxListed must be 1 or more, was " + maxListed);
    }

    public static Rules withGrace(Duration grace) {
        return new Rules(grace, 5_000_000, 1000);
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }
}
