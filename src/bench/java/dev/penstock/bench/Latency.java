package dev.penstock.bench;

import org.HdrHistogram.Histogram;

/** Latency of the successful responses, in milliseconds; all 0 when there were none. */
public record Latency(
        double meanMillis, double p50Millis, double p90Millis, double p99Millis, double p999Millis, double maxMillis) {

    static final Latency NONE = new Latency(0, 0, 0, 0, 0, 0);

    static Latency ofNanos(Histogram nanos) {
        return new Latency(
                nanos.getTotalCount() == 0 ? 0 : nanos.getMean() / 1e6,
                nanos.getValueAtPercentile(50) / 1e6,
                nanos.getValueAtPercentile(90) / 1e6,
                nanos.getValueAtPercentile(99) / 1e6,
                nanos.getValueAtPercentile(99.9) / 1e6,
                nanos.getMaxValue() / 1e6);
    }
}
