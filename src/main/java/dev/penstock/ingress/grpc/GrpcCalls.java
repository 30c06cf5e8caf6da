package dev.penstock.ingress.grpc;

import dev.penstock.ingress.HttpLimits;
import dev.penstock.ingress.call.GrpcPaths;
import dev.penstock.ingress.web.CallFilters;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Duration;

/**
 * Keeps the HTTP side of each gRPC call for the service: the filters before have put its tenant there, and its end shows whether the caller
 * is gone. It bounds the time in which the request of a call arrives, too.
 */
@Singleton
final class GrpcCalls {
    private static final String KEY = "penstock.grpc-call";
    private static final int AFTER_ALL_OTHERS = 700;
    private static final String STREAMS = "/inference.GRPCInferenceService/ModelStreamInfer";

    private final Duration bodyTimeout;

    GrpcCalls(HttpLimits limits) {
        this.bodyTimeout = limits.bodyTimeout();
    }

    void register(@Observes CallFilters filters) {
        filters.register(this::keep, AFTER_ALL_OTHERS);
    }

    /** The call that is served now. Each call has a Vert.x context of its own. */
    static RoutingContext current() {
        Context context = Vertx.currentContext();
        RoutingContext call = context == null ? null : context.getLocal(KEY);
        if (call == null) {
            throw new IllegalStateException("the call did not come over HTTP");
        }
        return call;
    }

    private boolean keep(RoutingContext call) {
        if (GrpcPaths.isGrpc(call.request().getHeader(HttpHeaders.CONTENT_TYPE))) {
            Vertx.currentContext().putLocal(KEY, call);
            if (GrpcPaths.isOfService(call.request().path())
                    && !call.request().path().equals(STREAMS)) {
                expire(call);
            }
        }
        return true;
    }

    /** A stream stays open for as long as its caller likes. Any other call has one request. */
    private void expire(RoutingContext call) {
        long timer = call.vertx().setTimer(bodyTimeout.toMillis(), late -> {
            if (!call.request().isEnded() && !call.response().ended()) {
                call.response().reset(0x8); // CANCEL, as RFC 9113 numbers it
            }
        });
        call.addEndHandler(ended -> call.vertx().cancelTimer(timer));
    }
}
