package dev.penstock.simulation.autoscale;

/**
 * The batches of one worker that keeps up with its arrivals.
 *
 * <p>While a batch of n rows runs for c(n), λ·c(n) rows arrive on average and make the next one. With the probability e^(-λ·c(n)) none
 * arrives. Then the worker idles until the next row, which runs alone. So the mean batch is the root of
 *
 * <pre>n = λ·c(n) + e^(-λ·c(n))</pre>
 *
 * and the worker is busy for λ·c(n)/n of the time. The rule takes the mean for the whole distribution. It is solved once for a grid of rates.
 */
final class SteadyBatches {
    private static final int GRID = 512;
    private static final int HALVINGS = 40;

    private final double capacity;
    private final double[] runSecondsAt = new double[GRID + 1];
    private final double[] busyAt = new double[GRID + 1];

    SteadyBatches(GpuCurve curve) {
        this.capacity = curve.rowsPerSecond();
        for (int i = 0; i <= GRID; i++) {
            double rate = capacity * i / GRID;
            double rows = rows(curve, rate);
            runSecondsAt[i] = curve.seconds(rows);
            busyAt[i] = Math.min(1, rate * runSecondsAt[i] / rows);
        }
    }

    /** The time of a run of the mean batch. */
    double runSeconds(double rowsPerSecond) {
        return at(rowsPerSecond, runSecondsAt);
    }

    /** The share of time in which a batch runs. */
    double busy(double rowsPerSecond) {
        return at(rowsPerSecond, busyAt);
    }

    private double at(double rowsPerSecond, double[] values) {
        double at = Math.min(1, rowsPerSecond / capacity) * GRID;
        int below = Math.min((int) at, GRID - 1);
        return values[below] + (at - below) * (values[below + 1] - values[below]);
    }

    private static double rows(GpuCurve curve, double rate) {
        double low = 1;
        double high = curve.targetRows();
        for (int i = 0; i < HALVINGS; i++) {
            double middle = (low + high) / 2;
            double arrive = rate * curve.seconds(middle);
            if (arrive + Math.exp(-arrive) > middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return high;
    }
}
