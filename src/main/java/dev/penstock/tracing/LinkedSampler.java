package dev.penstock.tracing;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import io.opentelemetry.sdk.trace.samplers.SamplingResult;
import java.util.List;

/**
 * Samples a span without a parent that links to a sampled one, as the span of a batch does. For every other span, its parent decides;
 * without a parent, chance does.
 */
public final class LinkedSampler implements Sampler {
    private final Sampler others;

    /** @param ratio of the traces that begin here and are sampled, in 0..1 */
    public LinkedSampler(double ratio) {
        this.others = Sampler.parentBased(Sampler.traceIdRatioBased(ratio));
    }

    @Override
    public SamplingResult shouldSample(
            Context parent, String traceId, String name, SpanKind kind, Attributes attributes, List<LinkData> links) {
        return links.stream().anyMatch(link -> link.getSpanContext().isSampled())
                ? SamplingResult.recordAndSample()
                : others.shouldSample(parent, traceId, name, kind, attributes, links);
    }

    @Override
    public String getDescription() {
        return "LinkedSampler{" + others.getDescription() + "}";
    }
}
