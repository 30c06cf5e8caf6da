package dev.penstock.ingress.gate;

import io.micrometer.core.instrument.MeterRegistry;

/** Counts calls that were rejected, by model and reason: {@code inference.rejected}. Thread-safe. */
public final class RejectionMeters {
    private final MeterRegistry registry;

    public RejectionMeters(MeterRegistry registry) {
        this.registry = registry;
    }

    public void rejected(String model, String reason) {
        registry.counter("inference.rejected", "model", model, "reason", reason).increment();
    }
}
