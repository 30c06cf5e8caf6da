package dev.penstock.batching;

/**
 * The run time of one key's batches as a function of rows. Learned online, in constant memory.
 *
 * <p>Eleven nodes stand at 1, 2, 4 … 1024 rows. A run updates the node that is nearest on the logarithmic scale. Its time is first
 * scaled to the node's own rows by the curve so far. A query makes the nodes monotone (pool adjacent violators, weighted by how much
 * each has seen lately) and interpolates linearly. Beyond the outermost nodes, the last slope continues.
 */
public final class CostCurve {
    private static final int NODES = 11;

    /** The share of each node's weight that a run takes away, so that new runs outweigh those before a drift. */
    private static final double FORGETTING = 1.0 / 256;

    private static final double DOUBT = 0.98;

    /** A larger batch counts as no worse while its throughput is at least this share of the best. */
    private static final double AS_GOOD = 0.98;

    /** Below this weight, a node has not been seen for so long that it is worth another try. */
    private static final double STALE = 0.5;

    private final CostNode[] nodes = new CostNode[NODES];
    private double trust = 1;

    private boolean isFitted = true;
    private int fitted;
    private final int[] rowsAt = new int[NODES];
    private final double[] expected = new double[NODES];
    private final double[] p95 = new double[NODES];
    private final double[] weights = new double[NODES];
    private int worthwhileOf;
    private int worthwhile;

    CostCurve() {
        for (int i = 0; i < NODES; i++) {
            nodes[i] = new CostNode();
        }
    }

    void observe(int rows, long nanos) {
        int nearest = nearestNode(rows);
        double here = expectedNanos(rows);
        double scale = here > 0 ? expectedNanos(1 << nearest) / here : 1;
        for (CostNode node : nodes) {
            node.forget(FORGETTING);
        }
        nodes[nearest].observe(nanos * scale);
        trust = 1;
        isFitted = false;
    }

    /**
     * Notes that a request was given up because of this curve alone. Each call lowers p95 by 2 % until the next run. Otherwise a curve
     * that is too high would expire every request and never be corrected.
     */
    void doubt() {
        trust *= DOUBT;
    }

    /** The expected run time; 0 before the first run. */
    double expectedNanos(int rows) {
        fit();
        return at(rows, expected);
    }

    /** The 95th percentile of the run time; 0 before the first run. */
    double p95Nanos(int rows) {
        fit();
        return at(rows, p95) * trust;
    }

    /**
     * The most rows, up to {@code most}, that are worth running together. With more, each row becomes more expensive. A size that was
     * not tried lately counts as worth it, so that it is tried again now and then.
     */
    int worthwhileRows(int most) {
        fit();
        if (fitted == 0 || most == worthwhileOf) {
            return fitted == 0 ? most : worthwhile;
        }
        worthwhileOf = most;
        worthwhile = most;
        double best = 0;
        for (int rows = 1; rows < 2 * most; rows *= 2) {
            best = Math.max(best, rowsPerNano(Math.min(rows, most)));
        }
        while (worthwhile > 1 && !isStale(worthwhile) && rowsPerNano(worthwhile) < AS_GOOD * best) {
            worthwhile = Integer.highestOneBit(worthwhile - 1);
        }
        return worthwhile;
    }

    /**
     * The fewest rows per batch with which the accelerator keeps up with the demand. If no size does, the fewest that come within a
     * tenth of the best throughput.
     */
    int neededRows(double demandPerNano, int most) {
        double best = 0;
        for (int rows = 1; rows < 2 * most; rows *= 2) {
            double rate = rowsPerNano(Math.min(rows, most));
            if (rate >= demandPerNano) {
                return Math.min(rows, most);
            }
            best = Math.max(best, rate);
        }
        int rows = 1;
        while (rowsPerNano(Math.min(rows, most)) < 0.9 * best) {
            rows *= 2;
        }
        return Math.min(rows, most);
    }

    /** The throughput in batches of this size; infinite before the first run. */
    private double rowsPerNano(int rows) {
        return rows / expectedNanos(rows);
    }

    private boolean isStale(int rows) {
        return nodes[nearestNode(rows)].weight() < STALE;
    }

    private static int nearestNode(int rows) {
        int below = Integer.SIZE - 1 - Integer.numberOfLeadingZeros(rows);
        boolean isNearerAbove = (double) rows * rows > 2.0 * (1L << below) * (1L << below);
        return Math.min(NODES - 1, isNearerAbove ? below + 1 : below);
    }

    private double at(int rows, double[] values) {
        if (fitted == 0) {
            return 0;
        }
        if (fitted == 1) {
            return rows <= rowsAt[0] ? values[0] : values[0] * rows / rowsAt[0];
        }
        int right = 1;
        while (right < fitted - 1 && rowsAt[right] < rows) {
            right++;
        }
        double slope = (values[right] - values[right - 1]) / (rowsAt[right] - rowsAt[right - 1]);
        double value = values[right - 1] + slope * (rows - rowsAt[right - 1]);
        return rows < rowsAt[0] ? Math.max(value, values[0] * rows / rowsAt[0]) : value;
    }

    private void fit() {
        if (isFitted) {
            return;
        }
        fitted = 0;
        worthwhileOf = 0;
        for (int i = 0; i < NODES; i++) {
            if (nodes[i].isKnown()) {
                rowsAt[fitted] = 1 << i;
                expected[fitted] = nodes[i].mean();
                p95[fitted] = nodes[i].p95();
                weights[fitted] = nodes[i].weight();
                fitted++;
            }
        }
        makeMonotone(expected);
        makeMonotone(p95);
        isFitted = true;
    }

    /** Pool adjacent violators: the nearest non-decreasing values by weighted least squares. */
    private void makeMonotone(double[] values) {
        for (int end = 1; end < fitted; end++) {
            int start = end;
            double sum = values[end] * weights[end];
            double weight = weights[end];
            while (start > 0 && values[start - 1] > sum / weight) {
                start--;
                sum += values[start] * weights[start];
                weight += weights[start];
            }
            for (int i = start; start < end && i <= end; i++) {
                values[i] = sum / weight;
            }
        }
    }
}
