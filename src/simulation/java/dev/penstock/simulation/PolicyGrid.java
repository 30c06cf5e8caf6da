package dev.penstock.simulation;

import dev.penstock.simulation.Scenario.NamedWindow;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;

/**
 * Compares the adaptive policy at its defaults with the best of a grid of fixed sizes and delays. Runs three cost curves at loads from
 * 10 to 95 % of the capacity of full batches. The fixed policies have the second slot too.
 */
final class PolicyGrid {
    private static final int[] SIZES = {1, 4, 16, 64};
    private static final double[] DELAY_MILLIS = {0, 0.5, 2, 10};
    private static final int[] LOADS = {10, 30, 50, 70, 90, 95};
    private static final double NOISE = 0.1;

    private PolicyGrid() {}

    /** The worst ratios of p99 and of throughput to the best of the grid. */
    record Verdict(double worstP99, double worstThroughput) {}

    static Verdict print(int requests, PrintStream out) {
        out.println(
                "| curve | load | adaptive p99 ms | best fixed p99 ms (size, delay) | ratio | rows/s against the best |");
        out.println("| --- | --- | --- | --- | --- | --- |");
        double worstP99 = 0;
        double worstThroughput = 1;
        for (Curve curve : Curve.values()) {
            for (int load : LOADS) {
                Capacity adaptive = run(curve, load, 64, NamedWindow.adaptive(), requests);
                String best = "";
                double bestP99 = Double.MAX_VALUE;
                double bestThroughput = 0;
                for (int size : SIZES) {
                    for (double delay : DELAY_MILLIS) {
                        Capacity fixed = run(curve, load, size, NamedWindow.fixed((long) (delay * 1e6)), requests);
                        bestThroughput = Math.max(bestThroughput, fixed.throughput());
                        if (fixed.expired() == 0 && fixed.p99Millis() < bestP99) {
                            bestP99 = fixed.p99Millis();
                            best = size + ", " + delay + " ms";
                        }
                    }
                }
                double p99 = adaptive.p99Millis() / bestP99;
                double throughput = adaptive.throughput() / bestThroughput;
                worstP99 = Math.max(worstP99, p99);
                worstThroughput = Math.min(worstThroughput, throughput);
                out.println(String.format(
                        Locale.ROOT,
                        "| %s | %d %% | %.3f | %.3f (%s) | %.2f | %.3f |",
                        curve.label,
                        load,
                        adaptive.p99Millis(),
                        bestP99,
                        best,
                        p99,
                        throughput));
            }
        }
        return new Verdict(worstP99, worstThroughput);
    }

    private static Capacity run(Curve curve, int load, int size, NamedWindow window, int requests) {
        double capacity = 64 * 1e9 / (curve.fixedNanos + 64 * curve.rowNanos);
        return Capacity.of(
                new Scenario(
                        1,
                        Trace.POISSON,
                        capacity * load / 100,
                        requests,
                        curve.fixedNanos,
                        curve.rowNanos,
                        NOISE,
                        1,
                        1,
                        size,
                        window,
                        List.of(),
                        0,
                        1,
                        600_000_000_000L,
                        1 << 20,
                        Scenario.Faults.NONE,
                        0),
                new Timeline(0));
    }

    private enum Curve {
        TINY("tiny: 20 + 0.3 µs", 20_000, 300),
        COMPUTE_BOUND("compute-bound: 100 + 25 µs", 100_000, 25_000),
        MEMORY_BOUND("memory-bound: 1000 + 60 µs", 1_000_000, 60_000);

        private final String label;
        private final double fixedNanos;
        private final double rowNanos;

        Curve(String label, double fixedNanos, double rowNanos) {
            this.label = label;
            this.fixedNanos = fixedNanos;
            this.rowNanos = rowNanos;
        }
    }
}
