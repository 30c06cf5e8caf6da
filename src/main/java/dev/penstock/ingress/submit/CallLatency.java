package dev.penstock.ingress.submit;

import dev.penstock.metrics.SharedMeters;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** How long synchronous calls take, by model, from the call having been read to its answer: {@code inference.latency}. Thread-safe. */
public final class CallLatency {
    private final MeterRegistry registry;
    private final Map<String, Timer> byModel = new ConcurrentHashMap<>();

    public CallLatency(MeterRegistry registry) {
        this.registry = registry;
    }

    /** Makes the meter of a model that workers announce. */
    public void announced(String model) {
        timer(model);
    }

    void took(String model, long nanos) {
        timer(model).record(nanos, TimeUnit.NANOSECONDS);
    }

    private Timer timer(String model) {
        Timer known = byModel.get(model);
        return known != null ? known : byModel.computeIfAbsent(model, name -> SharedMeters.latency(registry, name));
    }
}
