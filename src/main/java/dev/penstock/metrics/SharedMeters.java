package dev.penstock.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.Supplier;

/** The meters on which an ingress and a worker both count. In a process with both roles they are the same meters. */
public final class SharedMeters {
    private SharedMeters() {}

    /** From the acceptance of a request to its outcome. Each request is observed once, by the process that hands the outcome over. */
    public static Timer latency(MeterRegistry registry, String model) {
        return Timer.builder("inference.latency")
                .description("From the acceptance of a request to its outcome")
                .tag("model", model)
                .serviceLevelObjectives(millis(5, 10, 25, 50, 100, 200, 350, 500, 1000, 2500, 5000, 10000, 30000))
                .register(registry);
    }

    /** From handing a record to Kafka's client to the brokers' acknowledgement. */
    public static Timer kafkaWrite(MeterRegistry registry) {
        return Timer.builder("inference.kafka.write")
                .description("From handing a request or a reply to Kafka's client to the brokers' acknowledgement")
                .serviceLevelObjectives(millis(1, 2, 5, 10, 20, 50, 100, 500, 2000))
                .register(registry);
    }

    /**
     * How near the oldest request that waits is to its deadline. A worker tells it of the requests that it holds, and an ingress of those
     * that wait while no worker is there. Take the maximum.
     */
    public static void deadlineUsed(
            MeterRegistry registry, String role, String model, String lane, Supplier<Number> share) {
        Gauge.builder("inference.deadline.used.ratio", share)
                .description(
                        "Share of its time to the deadline that the oldest waiting request has used up; above 1, it is late")
                .tag("role", role)
                .tag("model", model)
                .tag("lane", lane)
                .register(registry);
    }

    private static Duration[] millis(int... values) {
        return Arrays.stream(values).mapToObj(Duration::ofMillis).toArray(Duration[]::new);
    }
}
