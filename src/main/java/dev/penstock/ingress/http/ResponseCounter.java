package dev.penstock.ingress.http;

import dev.penstock.ingress.ResponseMeters;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/** Counts the answers of the API by model and status, whoever gives them: a resource, or a filter that refuses the call before. */
@Singleton
public final class ResponseCounter {
    private static final int BEFORE_ALL_FILTERS = 1100;
    private static final String API = "/v2";
    private static final String MODELS = "/v2/models/";

    private final ResponseMeters meters;

    ResponseCounter(ResponseMeters meters) {
        this.meters = meters;
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
        if (call.response().headWritten()) {
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
