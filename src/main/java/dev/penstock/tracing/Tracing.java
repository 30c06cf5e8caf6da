package dev.penstock.tracing;

import dev.penstock.messages.CorrelationId;
import dev.penstock.messages.TraceContext;

/** Begins the traces of requests. Thread-safe. */
public interface Tracing {
    /** Traces nothing. The context that a request came with is passed on unchanged. */
    Tracing OFF = new Tracing() {
        @Override
        public boolean isOn() {
            return false;
        }

        @Override
        public CallTrace call(HttpCall call) {
            return CallTrace.untraced(call.context());
        }

        @Override
        public RequestTrace taken(Taken record) {
            return RequestTrace.NONE;
        }
    };

    /** Whether any request may be traced. Never changes. */
    boolean isOn();

    /** An inference call over HTTP has arrived. */
    CallTrace call(HttpCall call);

    /** A worker has taken a request off the log. */
    RequestTrace taken(Taken record);

    /**
     * An inference call.
     *
     * @param route the path with placeholders
     */
    record HttpCall(TraceContext context, String method, String route, String path, String scheme, String version) {}

    /**
     * A request as a record.
     *
     * @param bytes of its value
     */
    record Taken(TraceContext context, String topic, int partition, long offset, CorrelationId id, int bytes) {}
}
