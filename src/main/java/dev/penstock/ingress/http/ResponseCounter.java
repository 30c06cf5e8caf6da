package dev.penstock.ingress.http;

import dev.penstock.ingress.ResponseMeters;
import dev.penstock.ingress.warmup.WarmUpPass;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/**
 * Counts the answers of the API by model and status, whoever gives them: a resource, or a filter that refuses the call before. Calls of this
 * ingress to itself are not counted.
 */
@Singleton
public final class ResponseCounter {
    private static final int BEFORE_ALL_FILTERS = 1100;
    private static final String API = "/v2";
    private static final String MODELS = "/v2/models/";

    private final ResponseMeters meters;
    private final WarmUpPass pass;

    ResponseCounter(ResponseMeters meters, WarmUpPass pass) {
        this.meters = meters;
        this.pass = pass;
    }

    void register(@Observes Filters filters) {
        filters.register(this::watch, BEFORE_ALL_FILTERS);
    }

    private void watch(RoutingContext call) {
        String path = call.request().path();
        if (path != null && path.startsWith(API)) {
            call.addEndHandler(ended -> count(call));
        }
        call.next();
    }

    /** A caller that went away before its answer began got none. */
    private void count(RoutingContext call) {
        boolean isOfWarmUp = pass.isValid()
                && pass.tenant(call.request().getHeader(WarmUpPass.HEADER)).isPresent();
        if (call.response().headWritten() && !isOfWarmUp) {
            meters.answered(model(call), call.response().getStatusCode());
        }
    }

    /** The model in the address, decoded as the router does; empty where there is none. */
    private static String model(RoutingContext call) {
        String path = call.normalizedPath();
        if (!path.startsWith(MODELS)) {
            return "";
        }
        int end = path.indexOf('/', MODELS.length());
        return path.substring(MODELS.length(), end < 0 ? path.length() : end);
    }
}
