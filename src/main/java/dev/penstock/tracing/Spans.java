package dev.penstock.tracing;

import dev.penstock.messages.TraceContext;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Begins spans, and translates between spans and the headers that carry them. Thread-safe. */
final class Spans {
    private static final TextMapGetter<TraceContext> HEADERS = new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(TraceContext carrier) {
            return List.of("traceparent", "tracestate");
        }

        @Override
        public @Nullable String get(@Nullable TraceContext carrier, String key) {
            if (carrier == null) {
                return null;
            }
            return (key.equals("traceparent") ? carrier.parent() : carrier.state()).orElse(null);
        }
    };

    private final Tracer tracer;

    Spans(Tracer tracer) {
        this.tracer = tracer;
    }

    SpanBuilder builder(String name, SpanKind kind, Context parent) {
        return tracer.spanBuilder(name).setSpanKind(kind).setParent(parent);
    }

    /** The span of sending a record to a topic. */
    Span sending(String topic, Context parent) {
        return builder("send " + topic, SpanKind.PRODUCER, parent)
                .setAttribute(Names.SYSTEM, "kafka")
                .setAttribute(Names.OPERATION, "send")
                .setAttribute(Names.OPERATION_TYPE, "send")
                .setAttribute(Names.TOPIC, topic)
                .startSpan();
    }

    static void sent(Span span, boolean isAcknowledged) {
        if (!isAcknowledged) {
            failed(span, "not_acknowledged");
        }
        span.end();
    }

    static void failed(Span span, String error) {
        span.setStatus(StatusCode.ERROR).setAttribute(Names.ERROR, error);
    }

    /** The parent that the headers name; none where they name none. */
    static Context parent(TraceContext came) {
        return W3CTraceContextPropagator.getInstance().extract(Context.root(), came, HEADERS);
    }

    /** The headers by which another process continues the trace. */
    static TraceContext headers(Span span) {
        String[] values = new String[2];
        W3CTraceContextPropagator.getInstance()
                .inject(
                        Context.root().with(span),
                        values,
                        (carrier, key, value) -> values[key.equals("traceparent") ? 0 : 1] = value);
        return new TraceContext(Optional.ofNullable(values[0]), Optional.ofNullable(values[1]));
    }
}
