package dev.penstock.ingress.console;

import java.util.Collection;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;

/** What happened in this process between two readings. */
record Change(Reading earlier, Reading later) {
    /** Per second; 0 where nothing was counted. */
    double rate(String name, String subject) {
        return perSecond(later.sum(name, subject) - earlier.sum(name, subject));
    }

    /** Per second by label, those at 0 left out. */
    Map<String, Double> rates(String name, String subject) {
        Map<String, Double> rates = new TreeMap<>();
        later.labels(name, subject).forEach((label, value) -> {
            double rate = perSecond(value - earlier.labels(name, subject).getOrDefault(label, 0.0));
            if (rate > 0) {
                rates.put(label, rate);
            }
        });
        return rates;
    }

    /** By how much a counter has grown. */
    double increase(String name, String subject, String label) {
        return later.labels(name, subject).getOrDefault(label, 0.0)
                - earlier.labels(name, subject).getOrDefault(label, 0.0);
    }

    /** The mean of what a timer or a summary recorded; empty where it recorded nothing. */
    OptionalDouble mean(String name, String subject) {
        double count = later.sum(name + ".count", subject) - earlier.sum(name + ".count", subject);
        double total = later.sum(name + ".total", subject) - earlier.sum(name + ".total", subject);
        return count > 0 ? OptionalDouble.of(total / count) : OptionalDouble.empty();
    }

    /** How many of what was recorded lay at or below each bound, and above the bound before. */
    Map<Double, Double> buckets(String name, String subject) {
        Map<Double, Double> counts = new TreeMap<>();
        double below = 0;
        for (var bucket : later.buckets(name, subject).entrySet()) {
            double upTo = bucket.getValue() - earlier.buckets(name, subject).getOrDefault(bucket.getKey(), 0.0);
            counts.put(bucket.getKey(), upTo - below);
            below = upTo;
        }
        return counts;
    }

    /**
     * The value below which this share of what was recorded lies, as Prometheus estimates it: linear within a bucket. What lies above all
     * bounds counts as the last bound. Empty where nothing was recorded.
     *
     * @param subjects whose records are taken together
     * @param share 0 to 1
     */
    OptionalDouble quantile(String name, Collection<String> subjects, double share) {
        double all = 0;
        Map<Double, Double> counts = new TreeMap<>();
        for (String subject : subjects) {
            all += later.sum(name + ".count", subject) - earlier.sum(name + ".count", subject);
            buckets(name, subject).forEach((bound, count) -> counts.merge(bound, count, Double::sum));
        }
        if (all <= 0) {
            return OptionalDouble.empty();
        }
        double wanted = share * all;
        double from = 0;
        double below = 0;
        for (var bucket : counts.entrySet()) {
            if (bucket.getValue() > 0 && below + bucket.getValue() >= wanted) {
                double part = (wanted - below) / bucket.getValue();
                return OptionalDouble.of(from + part * (bucket.getKey() - from));
            }
            below += bucket.getValue();
            from = bucket.getKey();
        }
        return OptionalDouble.of(from);
    }

    private double perSecond(double increase) {
        double seconds = later.secondsSince(earlier);
        return seconds > 0 ? Math.max(0, increase) / seconds : 0;
    }
}
