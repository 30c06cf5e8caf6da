package dev.penstock.ingress.submit;

/**
 * Limits second copies to a share of the requests: a bucket of tokens that each request fills by the share, and each copy empties by one.
 * It starts full. Thread-safe.
 */
final class HedgeBudget {
    private final double share;
    private final double most;
    private double tokens;

    /**
     * @param share of the requests, 0 to 1; 0 allows no copy at all
     * @param most copies at once, beyond the share
     */
    HedgeBudget(double share, int most) {
        this.share = share;
        this.most = share > 0 ? most : 0;
        this.tokens = this.most;
    }

    synchronized void request() {
        tokens = Math.min(most, tokens + share);
    }

    synchronized boolean isEmpty() {
        return tokens < 1;
    }

    /** Takes the right to one copy. */
    synchronized void take() {
        tokens--;
    }
}
