package dev.penstock.tracing;

import dev.penstock.messages.TraceContext;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.context.Context;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The span of a batch. It links to the spans of its members, and the run of each member links back to it. */
final class TracedBatch implements BatchTrace {
    private final Spans spans;
    private final List<TracedRequest> members;
    private @Nullable Span sent;

    /** @param members those that are traced, one at least */
    TracedBatch(Spans spans, List<TracedRequest> members) {
        this.spans = spans;
        this.members = List.copyOf(members);
    }

    @Override
    public TraceContext sent() {
        sent = linked(SpanKind.CLIENT).startSpan();
        return Spans.headers(sent);
    }

    @Override
    public void ran(Run run) {
        TracedRequest first = members.getFirst();
        Span span = sent != null
                ? sent
                : linked(SpanKind.INTERNAL)
                        .setStartTimestamp(first.epoch(run.startNanos()), TimeUnit.NANOSECONDS)
                        .startSpan();
        span.setAttribute(Names.BATCH_ROWS, (long) run.rows())
                .setAttribute(Names.BATCH_MESSAGES, (long) run.requests());
        run.error().ifPresent(error -> Spans.failed(span, error));
        span.end(first.epoch(run.endNanos()), TimeUnit.NANOSECONDS);
        SpanContext context = span.getSpanContext();
        members.forEach(member -> member.ranIn(context, run));
    }

    private SpanBuilder linked(SpanKind kind) {
        SpanBuilder builder = spans.builder("batch", kind, Context.root());
        members.forEach(member -> builder.addLink(member.context()));
        return builder;
    }
}
