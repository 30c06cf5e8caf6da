package dev.penstock.tracing;

import dev.penstock.messages.Outcome;
import dev.penstock.messages.Timings;
import dev.penstock.messages.TraceContext;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.common.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The spans of a sampled request at a worker: its processing as a whole, and in it the lookup of its features, the queue, the run and the
 * reply. A batch has a trace of its own, see {@link TracedBatch}.
 */
final class TracedRequest implements RequestTrace {
    private final Spans spans;
    private final Span process;
    private final Context parent;
    private final Clock clock;
    private final long epochNanos;
    private final long takenNanos;
    private volatile long queuedNanos;
    private volatile Span sending = Span.getInvalid();

    /** A record that was taken off the log just now. */
    TracedRequest(Spans spans, Span process, Clock clock) {
        this.spans = spans;
        this.process = process;
        this.parent = Context.root().with(process);
        this.clock = clock;
        this.epochNanos = clock.now();
        this.takenNanos = clock.nanoTime();
        this.queuedNanos = takenNanos;
    }

    @Override
    public boolean isTraced() {
        return true;
    }

    @Override
    public void lookedUp(String result, long nanos) {
        long now = clock.nanoTime();
        Span span = begin("features", now - nanos).startSpan();
        end(span.setAttribute(Names.FEATURES, result), now);
        queuedNanos = now;
    }

    @Override
    public BatchTrace batch(List<RequestTrace> members) {
        return new TracedBatch(
                spans, members.stream().map(TracedRequest.class::cast).toList());
    }

    SpanContext context() {
        return process.getSpanContext();
    }

    /** A batch with this request has run. */
    void ranIn(SpanContext batch, BatchTrace.Run run) {
        end(begin("queue", queuedNanos).startSpan(), run.startNanos());
        Span span = begin("run", run.startNanos()).addLink(batch).startSpan();
        run.error().ifPresent(error -> Spans.failed(span, error));
        end(span, run.endNanos());
        queuedNanos = run.endNanos();
    }

    @Override
    public void outcome(String model, String version, Outcome outcome, Timings timings) {
        process.setAttribute(Names.MODEL, model)
                .setAttribute(Names.MODEL_VERSION, version)
                .setAttribute(Names.OUTCOME, outcome.status())
                .setAttribute(Names.QUEUE_MS, timings.queueMs());
        switch (outcome) {
            case Outcome.Failed(var problem) -> Spans.failed(process, problem.type());
            case Outcome.Expired expired -> Spans.failed(process, expired.status());
            case Outcome.Succeeded succeeded -> {}
            case Outcome.Cancelled cancelled -> {}
        }
    }

    @Override
    public void replying(String topic) {
        sending = spans.sending(topic, parent);
    }

    @Override
    public Optional<TraceContext> replyContext() {
        return Optional.of(Spans.headers(sending.getSpanContext().isValid() ? sending : process));
    }

    @Override
    public void replied(boolean isDelivered) {
        Spans.sent(sending, isDelivered);
    }

    @Override
    public void note(String event) {
        process.addEvent(event);
    }

    @Override
    public void asExample(Runnable measurement) {
        Example.of(process.getSpanContext(), measurement);
    }

    @Override
    public void settled() {
        process.end();
    }

    private SpanBuilder begin(String name, long nanos) {
        return spans.builder(name, SpanKind.INTERNAL, parent).setStartTimestamp(epoch(nanos), TimeUnit.NANOSECONDS);
    }

    private void end(Span span, long nanos) {
        span.end(epoch(nanos), TimeUnit.NANOSECONDS);
    }

    /** Nanoseconds since the epoch. */
    long epoch(long nanos) {
        return epochNanos + (nanos - takenNanos);
    }
}
