package dev.penstock.ingress.http;

import dev.penstock.ingress.ResponseMeters;
import dev.penstock.ingress.call.GrpcPaths;
import dev.penstock.ingress.warmup.WarmUpPass;
import dev.penstock.ingress.web.CallFilters;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/**
 * Counts the answers of the API by model and status, whoever gives them: a resource, or a filter that refuses the call before. Every answer
 * over gRPC has the status 200 of HTTP, so it is counted by the status that it would have over REST, and where its model is known. Calls of
 * this ingress to itself are not counted.
 */
@Singleton
public final class ResponseCounter {
    private static final int BEFORE_ALL_FILTERS = 1100;
    private static final String STATUS = "penstock.grpc-status";
    private static final String MODEL = "penstock.grpc-model";
    private static final String API = "/v2";
    private static final String MODELS = "/v2/models/";

    private final ResponseMeters meters;
    private final WarmUpPass pass;

    ResponseCounter(ResponseMeters meters, WarmUpPass pass) {
        this.meters = meters;
        this.pass = pass;
    }

    void register(@Observes CallFilters filters) {
        filters.register(this::watch, BEFORE_ALL_FILTERS);
    }

    /**
     * Says as what the answer to a call over gRPC counts.
     *
     * @param model empty where the call names none
     */
    public static void answers(RoutingContext call, String model, int status) {
        call.put(MODEL, model);
        call.put(STATUS, status);
    }

    /** The status of the answer: over gRPC, the one that it counts as. */
    static int statusOf(RoutingContext call) {
        Integer status = call.get(STATUS);
        return status == null ? call.response().getStatusCode() : status;
    }

    private boolean watch(RoutingContext call) {
        String path = call.request().path();
        if (path != null && path.startsWith(API)) {
            call.addEndHandler(ended -> count(call));
        } else if (path != null && GrpcPaths.isOfService(path)) {
            call.addEndHandler(ended -> countGrpc(call));
        }
        return true;
    }

    /** A caller that went away before its answer began got none. */
    private void count(RoutingContext call) {
        boolean isOfWarmUp = pass.isValid()
                && pass.tenant(call.request().getHeader(WarmUpPass.HEADER)).isPresent();
        if (call.response().headWritten() && !isOfWarmUp) {
            meters.answered(model(call), call.response().getStatusCode());
        }
    }

    private void countGrpc(RoutingContext call) {
        if (call.get(STATUS) != null && call.response().headWritten()) {
            meters.answered(call.get(MODEL), statusOf(call));
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
