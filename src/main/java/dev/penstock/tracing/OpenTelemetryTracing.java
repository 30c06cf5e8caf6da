package dev.penstock.tracing;

import dev.penstock.messages.TraceContext;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.common.Clock;

/** Traces requests with OpenTelemetry. A request that is not sampled costs one decision, and has no span. Thread-safe. */
public final class OpenTelemetryTracing implements Tracing {
    private final Spans spans;
    private final Clock clock;

    public OpenTelemetryTracing(OpenTelemetry telemetry) {
        this.spans = new Spans(telemetry.getTracer("dev.penstock"));
        this.clock = Clock.getDefault();
    }

    @Override
    public boolean isOn() {
        return true;
    }

    /** The record of a call that is not sampled says so, so that no worker decides again. */
    @Override
    public CallTrace call(HttpCall call) {
        if (call.context().isUnsampled()) {
            return CallTrace.untraced(call.context());
        }
        Span span = spans.builder(call.method() + " " + call.route(), SpanKind.SERVER, Spans.parent(call.context()))
                .startSpan();
        if (!span.getSpanContext().isSampled()) {
            return CallTrace.untraced(Spans.headers(span).with(call.context().b3()));
        }
        span.setAttribute(Names.METHOD, call.method())
                .setAttribute(Names.ROUTE, call.route())
                .setAttribute(Names.PATH, call.path())
                .setAttribute(Names.SCHEME, call.scheme())
                .setAttribute(Names.PROTOCOL_VERSION, call.version());
        return new TracedCall(spans, span, call.context().b3());
    }

    @Override
    public RequestTrace taken(Taken record) {
        TraceContext came = record.context();
        if (came.isUnsampled()) {
            return RequestTrace.NONE;
        }
        Context parent = Spans.parent(came);
        Span span = spans.builder("process " + record.topic(), SpanKind.CONSUMER, parent)
                .startSpan();
        if (!span.getSpanContext().isSampled()) {
            return RequestTrace.NONE;
        }
        span.setAttribute(Names.SYSTEM, "kafka")
                .setAttribute(Names.OPERATION, "process")
                .setAttribute(Names.OPERATION_TYPE, "process")
                .setAttribute(Names.TOPIC, record.topic())
                .setAttribute(Names.PARTITION, Integer.toString(record.partition()))
                .setAttribute(Names.OFFSET, record.offset())
                .setAttribute(Names.CONVERSATION, record.id().toString())
                .setAttribute(Names.BODY_BYTES, (long) record.bytes());
        return new TracedRequest(spans, span, clock);
    }
}
