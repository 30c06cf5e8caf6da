package dev.penstock.simulation.autoscale;

import java.util.Arrays;

/** Counts since the beginning of the day, as counters of Prometheus. Each request has one row. Confined to the simulation. */
final class Totals {
    /** Upper bounds of the latency's buckets, in seconds: some of the service's own, and the recipe's 0.38. */
    static final double[] BOUNDS = {0.05, 0.1, 0.2, 0.35, 0.38, 0.5, 1};

    double offered;
    double refused;
    double expired;
    double ran;

    /** Time of all workers in which a batch ran. */
    double busySeconds;

    /** Time of all workers, those that start included: each has a GPU. */
    double gpuSeconds;

    /** Requests that were answered within each bound. */
    final double[] within = new double[BOUNDS.length];

    /** The share of the offered requests that were answered within one of the {@link #BOUNDS}. */
    double shareWithin(double bound) {
        return within[Arrays.binarySearch(BOUNDS, bound)] / Math.max(1, offered);
    }

    Totals copy() {
        Totals copy = new Totals();
        copy.add(this, 1);
        return copy;
    }

    /** What was counted between the earlier look and this one. */
    Totals since(Totals earlier) {
        Totals change = copy();
        change.add(earlier, -1);
        return change;
    }

    void add(Totals other) {
        add(other, 1);
    }

    private void add(Totals other, int sign) {
        offered += sign * other.offered;
        refused += sign * other.refused;
        expired += sign * other.expired;
        ran += sign * other.ran;
        busySeconds += sign * other.busySeconds;
        gpuSeconds += sign * other.gpuSeconds;
        for (int i = 0; i < within.length; i++) {
            within[i] += sign * other.within[i];
        }
    }

    /** As {@code histogram_quantile} finds it: linear within a bucket, and the last bound beyond it. 0 without a request. */
    double quantileSeconds(double quantile) {
        double rank = quantile * ran;
        double below = 0;
        double from = 0;
        for (int i = 0; i < BOUNDS.length; i++) {
            if (ran > 0 && within[i] >= rank) {
                double inBucket = within[i] - below;
                return from + (BOUNDS[i] - from) * (inBucket > 0 ? (rank - below) / inBucket : 1);
            }
            below = within[i];
            from = BOUNDS[i];
        }
        return ran > 0 ? from : 0;
    }
}
