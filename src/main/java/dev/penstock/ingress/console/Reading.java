package dev.penstock.ingress.console;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.HistogramSnapshot;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** What the meters of this process said at one moment. Times are in seconds. Not changed once it is taken. */
final class Reading {
    private static final List<String> PREFIXES =
            List.of("inference.", "feature.inputs", "model.inference.", "gpu.", "host.memory", "process.cpu.usage");

    /** Tags that name what a meter is about. The others are its labels. */
    private static final Set<String> SUBJECTS = Set.of("model", "view", "gpu");

    private final long nanos;
    private final Map<Key, Map<String, Double>> values = new HashMap<>();
    private final Map<Key, TreeMap<Double, Double>> buckets = new HashMap<>();

    /** @param subject a model, a view or a GPU; empty for the whole process */
    private record Key(String name, String subject) {}

    private Reading(long nanos) {
        this.nanos = nanos;
    }

    static Reading take(MeterRegistry registry) {
        Reading reading = new Reading(registry.config().clock().monotonicTime());
        registry.getMeters().stream()
                .filter(meter -> PREFIXES.stream().anyMatch(meter.getId().getName()::startsWith))
                .forEach(reading::add);
        return reading;
    }

    long nanos() {
        return nanos;
    }

    double secondsSince(Reading earlier) {
        return (nanos - earlier.nanos) / 1e9;
    }

    /** The sum over all labels; 0 where there is no such meter. */
    double sum(String name, String subject) {
        return labels(name, subject).values().stream()
                .mapToDouble(Double::doubleValue)
                .sum();
    }

    /** The largest value of any label; empty where there is no such meter. */
    OptionalDouble most(String name, String subject) {
        return labels(name, subject).values().stream()
                .mapToDouble(Double::doubleValue)
                .max();
    }

    /** Values by label, sorted. */
    Map<String, Double> labels(String name, String subject) {
        return values.getOrDefault(new Key(name, subject), Map.of());
    }

    /** Cumulative counts by upper bound. Empty for a meter without buckets. */
    Map<Double, Double> buckets(String name, String subject) {
        return buckets.getOrDefault(new Key(name, subject), new TreeMap<>());
    }

    Set<String> subjects(String name) {
        return values.keySet().stream()
                .filter(key -> key.name.equals(name))
                .map(Key::subject)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private void add(Meter meter) {
        String name = meter.getId().getName();
        switch (meter) {
            case TimeGauge gauge -> put(gauge, name, gauge.value(TimeUnit.SECONDS));
            case Gauge gauge -> put(gauge, name, gauge.value());
            case Counter counter -> put(counter, name, counter.count());
            case FunctionCounter counter -> put(counter, name, counter.count());
            case Timer timer -> addAll(timer, timer.takeSnapshot(), TimeUnit.SECONDS);
            case DistributionSummary summary -> addAll(summary, summary.takeSnapshot(), TimeUnit.NANOSECONDS);
            default -> {}
        }
    }

    /** @param unit of the buckets; nanoseconds leave the numbers of a summary as they are */
    private void addAll(Meter meter, HistogramSnapshot snapshot, TimeUnit unit) {
        String name = meter.getId().getName();
        put(meter, name + ".count", (double) snapshot.count());
        put(meter, name + ".total", snapshot.total(unit));
        TreeMap<Double, Double> counts =
                buckets.computeIfAbsent(new Key(name, subject(meter)), none -> new TreeMap<>());
        for (var bucket : snapshot.histogramCounts()) {
            if (Double.isFinite(bucket.bucket(unit))) {
                counts.merge(bucket.bucket(unit), bucket.count(), Double::sum);
            }
        }
    }

    private void put(Meter meter, String name, double value) {
        if (Double.isFinite(value)) {
            values.computeIfAbsent(new Key(name, subject(meter)), none -> new TreeMap<>())
                    .merge(label(meter), value, Double::sum);
        }
    }

    private static String subject(Meter meter) {
        return meter.getId().getTags().stream()
                .filter(tag -> SUBJECTS.contains(tag.getKey()))
                .map(Tag::getValue)
                .findFirst()
                .orElse("");
    }

    private static String label(Meter meter) {
        return meter.getId().getTags().stream()
                .filter(tag -> !SUBJECTS.contains(tag.getKey()))
                .map(Tag::getValue)
                .collect(Collectors.joining(","));
    }
}
