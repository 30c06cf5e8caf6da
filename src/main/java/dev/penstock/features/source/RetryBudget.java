package dev.penstock.features.source;

/**
 * How often may be tried again: a tenth of the calls made, and a few at once. When a source is down, retries would multiply the load on it
 * just then. Thread-safe.
 */
final class RetryBudget {
    private static final double PER_CALL = 0.1;
    private static final double MOST = 10;

    private double tokens = MOST;

    synchronized void called() {
        tokens = Math.min(MOST, tokens + PER_CALL);
    }

    synchronized boolean take() {
        if (tokens < 1) {
            return false;
        }
        tokens--;
        return true;
    }
}
