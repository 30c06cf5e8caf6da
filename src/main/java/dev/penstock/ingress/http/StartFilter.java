package dev.penstock.ingress.http;

import dev.penstock.ingress.HttpLimits;
import dev.penstock.ingress.IngressStart;
import dev.penstock.ingress.call.GrpcPaths;
import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.web.CallFilters;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.protocol.Problem;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.Optional;

/**
 * Answers calls while the ingress starts: it is live, and everything else is 503 with the reason, before any resource is made. Over gRPC,
 * health is asked of the service, whose answer says that it is not ready.
 */
@Singleton
public final class StartFilter {
    private static final int AFTER_HEADER_LIMITS = 950;
    private static final int RETRY_SECONDS = 2;

    private final IngressStart start;
    private final HttpLimits limits;

    StartFilter(IngressStart start, HttpLimits limits) {
        this.start = start;
        this.limits = limits;
    }

    void register(@Observes CallFilters filters) {
        filters.register(this::check, AFTER_HEADER_LIMITS);
    }

    private boolean check(RoutingContext call) {
        Optional<String> waitsFor = start.waitsFor();
        String path = call.request().path();
        if (waitsFor.isEmpty() || path == null || !isOfApi(path) || GrpcPaths.isHealth(path)) {
            return true;
        }
        if (path.equals("/v2/health/live")) {
            call.response()
                    .putHeader(HttpHeaders.CONTENT_TYPE, RecordHeaders.JSON)
                    .end("{\"live\":true}");
        } else {
            Problem problem =
                    Problem.of(Problem.Kind.UNAVAILABLE, "this ingress is starting and waits for: " + waitsFor.get());
            EarlyResponse.send(
                    call,
                    new ProblemException(
                            path.equals("/v2/health/ready") ? problem.with("ready", false) : problem, RETRY_SECONDS),
                    limits.bodyTimeout());
        }
        return false;
    }

    private static boolean isOfApi(String path) {
        return path.startsWith("/v2") || GrpcPaths.isOfService(path);
    }
}
