package dev.penstock.batching;

/** How long a batch is held open for more requests on an idle accelerator. */
@FunctionalInterface
public interface Window {

    /**
     * @param rows the rows that wait
     * @param rowsPerNano the rate at which rows of the same key arrive
     * @return nanoseconds from the oldest request's arrival in the log; 0 to start at once
     */
    long nanos(int rows, double rowsPerNano, CostCurve cost);

    /**
     * Opens only if the waiting rows, run as they are, could not keep up with the offered load λ, and more rows would help:
     *
     * <pre>  λ·c(n) > n + 1   and   saved = c(n) + c(1) − c(n+1) > 1/λ</pre>
     *
     * The first condition says that more than n + 1 other rows wait by the time n rows are done. It is also the point where holding
     * lowers the mean latency: n rows wait 1/λ longer, and the next row waits c(n) − 1/λ less. The second condition says that one more
     * row takes less time to come than it saves the accelerator. Control limits of this kind are optimal for batch service: Deb and
     * Serfozo, "Optimal control of batch service queues", 1973. The saved time also bounds the wait, so a wrong guess costs at most
     * the fixed cost of one run.
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

    /** Always the same time, as other servers do. For comparison. */
    static Window fixed(long nanos) {
        if (nanos < 0) {
            throw new IllegalArgumentException("nanos must be 0 or more, was " + nanos);
        }
        return (rows, rowsPerNano, cost) -> nanos;
    }

    /** This window where so many runs go on at once, each as fast as if it were alone: each gets its part of the load. */
    default Window forEachOf(int runs) {
        return (rows, rowsPerNano, cost) -> nanos(rows, rowsPerNano / runs, cost);
    }

    /** This window, but at least as long as {@code leastNanos}: for throughput rather than latency. */
    default Window atLeast(long leastNanos) {
        return (rows, rowsPerNano, cost) -> Math.max(leastNanos, nanos(rows, rowsPerNano, cost));
    }

    /** This window, but at most as long as {@code mostNanos}. */
    default Window atMost(long mostNanos) {
        return (rows, rowsPerNano, cost) -> Math.min(mostNanos, nanos(rows, rowsPerNano, cost));
    }
}
