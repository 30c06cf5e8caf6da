package dev.penstock.ingress.http;

import dev.penstock.ingress.call.GrpcPaths;
import dev.penstock.ingress.web.CallFilters;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.TraceContext;
import dev.penstock.tracing.CallTrace;
import dev.penstock.tracing.Tracing;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.HashMap;
import java.util.Map;

/** Begins the trace of an inference call before any other filter can refuse it, and ends it with the answer. Absent where tracing is off. */
@Singleton
public final class TraceFilter {
    private static final String TRACE = "penstock.trace";
    private static final int AFTER_HEADER_LIMITS = 990;
    private static final String MODELS = "/v2/models/";
    private static final String INFER = "/infer";

    private final Tracing tracing;

    TraceFilter(Tracing tracing) {
        this.tracing = tracing;
    }

    void register(@Observes CallFilters filters) {
        if (tracing.isOn()) {
            filters.register(this::begin, AFTER_HEADER_LIMITS);
        }
    }

    /** The trace of the call. */
    public CallTrace of(RoutingContext call) {
        CallTrace trace = tracing.isOn() ? call.get(TRACE) : null;
        return trace == null ? CallTrace.untraced(context(call.request())) : trace;
    }

    private boolean begin(RoutingContext call) {
        HttpServerRequest http = call.request();
        String path = http.path();
        if (HttpMethod.POST.equals(http.method()) && path != null && isInfer(path)) {
            CallTrace trace = tracing.call(
                    new Tracing.HttpCall(context(http), "POST", route(path), path, scheme(http), version(http)));
            call.put(TRACE, trace);
            call.addEndHandler(sent -> trace.answered(ResponseCounter.statusOf(call), sent.succeeded()));
        }
        return true;
    }

    private static boolean isInfer(String path) {
        return (path.startsWith(MODELS) && path.endsWith(INFER)) || GrpcPaths.isInfer(path);
    }

    private static TraceContext context(HttpServerRequest http) {
        String parent = http.getHeader(RecordHeaders.TRACEPARENT);
        TraceContext context = parent == null
                ? TraceContext.NONE
                : TraceContext.of(parent, http.headers().getAll(RecordHeaders.TRACESTATE));
        return context.with(zipkins(http));
    }

    private static Map<String, String> zipkins(HttpServerRequest http) {
        Map<String, String> found = new HashMap<>();
        for (String name : TraceContext.B3_NAMES) {
            String value = http.getHeader(name);
            if (value != null) {
                found.put(name, value);
            }
        }
        return found;
    }

    /** With placeholders, so that names of spans are few. */
    private static String route(String path) {
        if (GrpcPaths.isInfer(path)) {
            return path;
        }
        return path.contains("/versions/") ? InferRoute.ADDRESS_OF_VERSION : InferRoute.ADDRESS;
    }

    private static String scheme(HttpServerRequest http) {
        return http.isSSL() ? "https" : "http";
    }

    private static String version(HttpServerRequest http) {
        return http.version() == HttpVersion.HTTP_2 ? "2" : http.version() == HttpVersion.HTTP_1_1 ? "1.1" : "1.0";
    }
}
