package dev.penstock.tracing;

import dev.penstock.messages.TraceContext;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Context;
import java.util.Map;

/** The spans of a sampled call: the call itself, and the sending of its record. */
final class TracedCall implements CallTrace {
    private static final int FIRST_SERVER_ERROR = 500;

    private final Spans spans;
    private final Span call;
    private final Map<String, String> b3;
    private volatile Span sending = Span.getInvalid();

    /** @param b3 Zipkin's headers of the call, which its record carries as they came */
    TracedCall(Spans spans, Span call, Map<String, String> b3) {
        this.spans = spans;
        this.call = call;
        this.b3 = b3;
    }

    /** A request with an idempotency key may be published twice, one time after the other. */
    @Override
    public TraceContext publishing(String requestId, String model, String topic) {
        call.setAttribute(Names.CONVERSATION, requestId).setAttribute(Names.MODEL, model);
        Span span = spans.sending(topic, Context.root().with(call));
        span.setAttribute(Names.CONVERSATION, requestId);
        sending = span;
        return Spans.headers(span).with(b3);
    }

    @Override
    public void published(boolean isAcknowledged) {
        Spans.sent(sending, isAcknowledged);
    }

    @Override
    public void note(String event) {
        call.addEvent(event);
    }

    @Override
    public void asExample(Runnable measurement) {
        Example.of(call.getSpanContext(), measurement);
    }

    /** An error of the caller is none of the service: its status stays unset, as the conventions for servers ask. */
    @Override
    public void answered(int status, boolean isWritten) {
        if (isWritten) {
            call.setAttribute(Names.STATUS, (long) status);
        }
        if (!isWritten) {
            Spans.failed(call, "disconnected");
        } else if (status >= FIRST_SERVER_ERROR) {
            Spans.failed(call, Integer.toString(status));
        }
        call.end();
    }
}
