package dev.penstock.tracing;

import io.opentelemetry.api.trace.SpanContext;
import io.prometheus.client.exemplars.DefaultExemplarSampler;
import io.prometheus.client.exemplars.ExemplarSampler;
import io.prometheus.client.exemplars.tracer.common.SpanContextSupplier;
import org.jspecify.annotations.Nullable;

/** The sampled trace that the measurement of the current thread belongs to. Histograms show it as the exemplar of a bucket. */
public final class Example {
    private static final ThreadLocal<@Nullable SpanContext> CURRENT = new ThreadLocal<>();

    private Example() {}

    static void of(SpanContext trace, Runnable measurement) {
        CURRENT.set(trace);
        try {
            measurement.run();
        } finally {
            CURRENT.remove();
        }
    }

    /** Takes the current trace as an exemplar, at most one for each bucket in 7 s. */
    public static ExemplarSampler sampler() {
        return new DefaultExemplarSampler(new SpanContextSupplier() {
            @Override
            public @Nullable String getTraceId() {
                SpanContext trace = CURRENT.get();
                return trace == null ? null : trace.getTraceId();
            }

            @Override
            public @Nullable String getSpanId() {
                SpanContext trace = CURRENT.get();
                return trace == null ? null : trace.getSpanId();
            }

            @Override
            public boolean isSampled() {
                return CURRENT.get() != null;
            }
        });
    }
}
