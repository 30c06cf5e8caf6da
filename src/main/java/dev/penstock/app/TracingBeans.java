package dev.penstock.app;

import dev.penstock.tracing.Example;
import dev.penstock.tracing.LinkedSampler;
import dev.penstock.tracing.OpenTelemetryTracing;
import dev.penstock.tracing.Tracing;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import io.prometheus.client.exemplars.ExemplarSampler;
import jakarta.enterprise.inject.Instance;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.util.Optional;

/** Offers tracing, which does nothing unless there is an endpoint for traces. */
@Singleton
final class TracingBeans {
    private final PenstockConfig.TracingSection config;

    TracingBeans(PenstockConfig config) {
        this.config = config.tracing();
    }

    @Produces
    @Singleton
    Tracing tracing(Instance<OpenTelemetry> telemetry) {
        return isOn() ? new OpenTelemetryTracing(telemetry.get()) : Tracing.OFF;
    }

    /** OpenTelemetry asks it about each span. */
    @Produces
    @Singleton
    Sampler sampler() {
        return new LinkedSampler(config.samplingRatio());
    }

    /** Instead of the one of Quarkus, which looks for a trace at each measurement, even where tracing is off. */
    @Produces
    @Singleton
    Optional<ExemplarSampler> exemplars() {
        return isOn() ? Optional.of(Example.sampler()) : Optional.empty();
    }

    private boolean isOn() {
        return config.endpoint().isPresent();
    }
}
