package dev.penstock.worker.loop;

/**
 * How many runs may go on at once where it is not known how many help: at a centre. As TCP Vegas does, it compares runs with the fastest
 * of late. What takes longer has waited somewhere, and by the part of the time that it waited, so many of the runs wait: at less than
 * {@value #FEW_WAIT} there is room for another one, at more than {@value #MANY_WAIT} there is one too many. After a failure it begins again
 * with one, so that a centre that returns meets its usual load within a few runs, and not at once. Confined to the loop's thread.
 */
final class InFlight {
    private static final int FIRST = 4;
    private static final double FEW_WAIT = 3;
    private static final double MANY_WAIT = 6;

    /** Runs that share a way do not take the same time. */
    private static final int MEAN_OF = 8;

    /** The fastest is that of this time and of the one before. */
    private static final long FASTEST_NANOS = 30_000_000_000L;

    private final int most;
    private int limit;
    private double fastest = Double.POSITIVE_INFINITY;
    private double fastestLately = Double.POSITIVE_INFINITY;
    private boolean hasRun;
    private double mean;
    private long latelyUntil;

    /** @param most whatever the runs take */
    InFlight(int most) {
        this.most = most;
        this.limit = Math.min(FIRST, most);
    }

    int limit() {
        return limit;
    }

    /**
     * A run has ended well.
     *
     * @param nanos its time, as that of a run with one row: the cost curve tells what the other rows take
     * @param running the runs that went on at once, this one included
     */
    void ran(double nanos, int running, long now) {
        if (!hasRun) {
            hasRun = true;
            mean = nanos;
            latelyUntil = now + FASTEST_NANOS;
        }
        if (now - latelyUntil >= 0) {
            fastest = fastestLately;
            fastestLately = Double.POSITIVE_INFINITY;
            latelyUntil = now + FASTEST_NANOS;
        }
        fastestLately = Math.min(fastestLately, nanos);
        fastest = Math.min(fastest, nanos);
        mean += (nanos - mean) / MEAN_OF;
        double waiting = limit * (1 - fastest / mean);
        if (waiting < FEW_WAIT && 2 * running > limit) {
            limit = Math.min(most, limit + 1);
        } else if (waiting > MANY_WAIT) {
            limit = Math.max(1, limit - 1);
        }
    }

    void failed() {
        limit = 1;
    }
}
