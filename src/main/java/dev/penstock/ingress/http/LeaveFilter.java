package dev.penstock.ingress.http;

import dev.penstock.ingress.IngressStart;
import dev.penstock.ingress.call.Drain;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Singleton;

/**
 * Tells clients of an ingress that stops to use another connection: with {@code Connection: close}, or GOAWAY in HTTP/2. A load balancer
 * sends no new connections here, but clients keep those that they have.
 */
@Singleton
public final class LeaveFilter {
    private static final int AFTER_START = 940;
    private static final long NO_ERROR = 0;

    private final IngressStart start;
    private final Instance<Drain> drain;

    LeaveFilter(IngressStart start, Instance<Drain> drain) {
        this.start = start;
        this.drain = drain;
    }

    void register(@Observes Filters filters) {
        filters.register(this::check, AFTER_START);
    }

    private void check(RoutingContext call) {
        if (start.waitsFor().isEmpty() && drain.get().isLeaving()) {
            sendElsewhere(call);
        }
        call.next();
    }

    /** Must be called before the response is written. */
    public static void sendElsewhere(RoutingContext call) {
        if (call.request().version() == HttpVersion.HTTP_2) {
            call.request().connection().goAway(NO_ERROR);
        } else {
            call.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
        }
    }
}
