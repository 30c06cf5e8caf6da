package dev.penstock.batching;

/** Measures arriving rows, as an exponentially weighted moving average over {@code memoryNanos}. */
final class ArrivalRate {
    private double rows;
    private long atNanos;
    private boolean started;

    void add(int arrived) {
        rows += arrived;
    }

    double rowsPerNano(long now, double memoryNanos) {
        if (started && now - atNanos > 0) {
            rows *= Math.exp(-(now - atNanos) / memoryNanos);
        }
        if (!started || now - atNanos > 0) {
            atNanos = now;
            started = true;
        }
        return rows / memoryNanos;
    }
}
