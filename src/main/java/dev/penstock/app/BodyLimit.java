package dev.penstock.app;

import dev.penstock.protocol.Problem;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/** Refuses a body that is too large by its announced length, with a problem document, before a byte of it is read. */
@Singleton
final class BodyLimit {
    private static final int BEFORE_ROUTES = 1000;

    private final int maxBytes;

    BodyLimit(PenstockConfig config) {
        this.maxBytes = config.maxRequestBytes();
    }

    void register(@Observes Filters filters) {
        filters.register(this::check, BEFORE_ROUTES);
    }

    private void check(RoutingContext context) {
        String length = context.request().getHeader(HttpHeaders.CONTENT_LENGTH);
        if (length == null || (length.length() < 10 && Integer.parseInt(length) <= maxBytes)) {
            context.next();
            return;
        }
        Problem problem = Problem.of(
                Problem.Kind.PAYLOAD_TOO_LARGE,
                "the body has " + length + " bytes; penstock.max-request-bytes is " + maxBytes);
        // The body is still on its way: the connection cannot serve another request.
        context.response()
                .setStatusCode(problem.status())
                .putHeader(HttpHeaders.CONTENT_TYPE, Problem.CONTENT_TYPE)
                .putHeader(HttpHeaders.CONNECTION, "close")
                .end(Buffer.buffer(problem.toJson()));
    }
}
