package dev.penstock.features.source;

/**
 * Limits retries to a tenth of the calls, with a burst of 10. Without a limit, retries would multiply the load on a source just when it
 * is down. Thread-safe.
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
