package dev.penstock.batching;

/** How long a batch is held open on an accelerator that has nothing to run. */
@FunctionalInterface
public interface Window {

    /**
     * @param rows that wait
     * @param rowsPerNano that arrive, of the same key
     * @return nanoseconds, counted from the arrival of the oldest in the log; 0 to start at once
     */
    long nanos(int rows, double rowsPerNano, CostCurve cost);

    /**
     * Opens only where the rows at hand, run as they are, could not keep up with the offered load λ, and more rows would help:
     *
     * <pre>  λ·c(n) > n + 1   and   saved = c(n) + c(1) − c(n+1) > 1/λ</pre>
     *
     * The first says that by the time n rows are done, more than n + 1 others wait (it is also where holding lowers the mean latency:
     * n rows wait 1/λ longer, and the next is spared c(n) − 1/λ). The second says that the wait for one more row is shorter than what
     * it saves the accelerator. Control limits of this kind are optimal for batch service: Deb and Serfozo, "Optimal control of batch
     * service queues", 1973. What is saved also bounds the wait, so a wrong guess costs at most the fixed cost of one run.
     */
    static Window adaptive() {
        return (rows, rowsPerNano, cost) -> {
            double run = cost.expectedNanos(rows);
            if (rowsPerNano * run <= rows + 1) {
                return 0;
            }
            double saved = run + cost.expectedNanos(1) - cost.expectedNanos(rows + 1);
            return rowsPerNano * saved > 1 ? (long) saved : 0;
        };
    }

    /** Always that long, as peers do; for comparison. */
    static Window fixed(long nanos) {
        if (nanos < 0) {
            throw new IllegalArgumentException("nanos must be 0 or more, was " + nanos);
        }
        return (rows, rowsPerNano, cost) -> nanos;
    }

    /** This one, but always as long as that: for those who would rather run seldom than soon. */
    default Window atLeast(long leastNanos) {
        return (rows, rowsPerNano, cost) -> Math.max(leastNanos, nanos(rows, rowsPerNano, cost));
    }

    /** This one, but never longer than that. */
    default Window atMost(long mostNanos) {
        return (rows, rowsPerNano, cost) -> Math.min(mostNanos, nanos(rows, rowsPerNano, cost));
    }
}
