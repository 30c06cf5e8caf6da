package dev.penstock.ingress.web;

import dev.penstock.ingress.AllowedOrigins;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.List;

/**
 * Lets pages of the configured origins read answers (CORS, as the Fetch standard has it), refusals included. Other pages get the same answers,
 * which their browsers keep from them. A browser's question before a call carries no credential and is answered here.
 */
@Singleton
public final class CrossOrigin {
    private static final int BEFORE_ALL_REFUSALS = 1080;
    private static final String METHODS = "GET, HEAD, POST, DELETE, OPTIONS";

    /** Headers that a page may read beside those that it always may. */
    private static final String EXPOSED =
            "Allow, Date, Inference-Header-Content-Length, Location, Penstock-Request-Id, "
                    + "Preference-Applied, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate";

    /** A browser asks again after this time. Chromium's limit is two hours. */
    private static final String MAX_AGE_SECONDS = "3600";

    private final AllowedOrigins allowed;

    CrossOrigin(AllowedOrigins allowed) {
        this.allowed = allowed;
    }

    void register(@Observes CallFilters filters) {
        if (!allowed.areNone()) {
            filters.register(this::check, BEFORE_ALL_REFUSALS);
        }
    }

    private boolean check(RoutingContext call) {
        HttpServerRequest http = call.request();
        HttpServerResponse response = call.response();
        call.addHeadersEndHandler(begins -> varyByOrigin(response.headers()));
        String origin = http.getHeader(HttpHeaders.ORIGIN);
        if (origin == null || !allowed.include(origin)) {
            return true;
        }
        response.putHeader(HttpHeaders.ACCESS_CONTROL_ALLOW_ORIGIN, allowed.areAll() ? "*" : origin);
        if (HttpMethod.OPTIONS.equals(http.method())
                && http.headers().contains(HttpHeaders.ACCESS_CONTROL_REQUEST_METHOD)) {
            allowCall(http, response);
            return false;
        }
        response.putHeader(HttpHeaders.ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        return true;
    }

    private static void allowCall(HttpServerRequest http, HttpServerResponse response) {
        response.putHeader(HttpHeaders.ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        String headers = http.getHeader(HttpHeaders.ACCESS_CONTROL_REQUEST_HEADERS);
        if (headers != null) {
            response.putHeader(HttpHeaders.ACCESS_CONTROL_ALLOW_HEADERS, headers);
        }
        response.putHeader(HttpHeaders.ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECONDS)
                .setStatusCode(204)
                .end();
    }

    /** Last, since whoever answers may set its own {@code Vary}. */
    private static void varyByOrigin(MultiMap headers) {
        List<String> vary = headers.getAll(HttpHeaders.VARY);
        headers.set(HttpHeaders.VARY, vary.isEmpty() ? "Origin" : String.join(", ", vary) + ", Origin");
    }
}
