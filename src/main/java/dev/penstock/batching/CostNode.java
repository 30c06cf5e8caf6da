package dev.penstock.batching;

/**
 * Estimates the expected value and the 95th percentile of a stream. Resists outliers and follows drift. Not thread-safe.
 *
 * <p>The mean is an exponentially weighted average whose steps are clipped to three mean deviations (Huber). The deviation learns from
 * the clipped errors too. A single outlier therefore moves little, and a lasting change widens the clip until the mean has followed.
 * The percentile rises by 0.95 of a step when it was exceeded and falls by 0.05 when it was not (Robbins and Monro, 1951).
 */
public final class CostNode {
    private static final double MEMORY = 32;
    private static final double DEVIATION_MEMORY = 8;
    private static final double CLIP = 3;
    private static final double QUANTILE = 0.95;
    private static final double QUANTILE_STEP = 0.5;

    private double seen;
    private double weight;
    private double mean;
    private double deviation;
    private double p95;

    public void observe(double value) {
        seen = Math.min(seen + 1, MEMORY);
        weight = Math.min(weight + 1, MEMORY);
        if (seen == 1) {
            mean = value;
            deviation = value / 8;
            p95 = value * 1.25;
            return;
        }
        double clip = CLIP * deviation;
        double error = Math.max(-clip, Math.min(clip, value - mean));
        mean += error / seen;
        // The floor lets a stream without any noise follow a change.
        deviation = Math.max(mean / 1024, deviation + (Math.abs(error) - deviation) / DEVIATION_MEMORY);
        p95 += QUANTILE_STEP * deviation * (value > p95 ? QUANTILE : QUANTILE - 1);
    }

    void forget(double share) {
        weight -= weight * share;
    }

    boolean isKnown() {
        return seen > 0;
    }

    /** The number of values that it has seen lately. */
    double weight() {
        return Math.max(weight, 1e-9);
    }

    double mean() {
        return mean;
    }

    public double p95() {
        return Math.max(mean, p95);
    }
}
