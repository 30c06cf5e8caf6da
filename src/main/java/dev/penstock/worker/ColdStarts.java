package dev.penstock.worker;

import dev.penstock.threads.Time;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Counts the model versions that were loaded and warmed up, by model: {@code inference.cold.starts}. Thread-safe.
 *
 * <p>A load is counted half a minute after it was done. Most models are loaded before anybody has scraped the process once. A counter that is
 * seen first at 2 has not increased for Prometheus; with the delay, a server that scrapes more often sees it at 0 before.
 */
final class ColdStarts {
    private static final long DELAY_NANOS = Duration.ofSeconds(30).toNanos();

    private final MeterRegistry registry;
    private final Time time;
    private final Map<String, Queue<Long>> loadedNanos = new ConcurrentHashMap<>();

    ColdStarts(MeterRegistry registry, Time time) {
        this.registry = registry;
        this.time = time;
    }

    /** Makes the counter of a model, at 0. */
    void expected(String model) {
        loaded(model);
    }

    /** A version of the model is loaded and warm now. */
    void happened(String model) {
        loaded(model).add(time.nanos());
    }

    private Queue<Long> loaded(String model) {
        return loadedNanos.computeIfAbsent(model, name -> {
            Queue<Long> loaded = new ConcurrentLinkedQueue<>();
            FunctionCounter.builder("inference.cold.starts", loaded, this::count)
                    .description("Model versions that were loaded and warmed up, because this process started")
                    .tag("model", name)
                    .register(registry);
            return loaded;
        });
    }

    private double count(Queue<Long> loaded) {
        long now = time.nanos();
        return loaded.stream().filter(at -> now - at >= DELAY_NANOS).count();
    }
}
