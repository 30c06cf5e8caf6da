package dev.penstock.ingress.http;

import dev.penstock.ingress.Drain;
import dev.penstock.ingress.web.CallFilters;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/**
 * Tells clients of an ingress that stops to use another connection: with {@code Connection: close}, or GOAWAY in HTTP/2. A load balancer
 * sends no new connections here, but clients keep those that they have.
 */
@Singleton
public final class LeaveFilter {
    private static final int AFTER_THE_START_FILTER = 940;
    private static final long NO_ERROR = 0;

    private final Drain drain;

    LeaveFilter(Drain drain) {
        this.drain = drain;
    }

    void register(@Observes CallFilters filters) {
        filters.register(this::check, AFTER_THE_START_FILTER);
    }

    private boolean check(RoutingContext call) {
        if (drain.isLeaving()) {
            sendElsewhere(call);
        }
        return true;
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
