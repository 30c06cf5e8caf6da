package dev.penstock.ingress.http;

import dev.penstock.ingress.HttpLimits;
import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.web.CallFilters;
import dev.penstock.protocol.Problem;
import io.quarkus.vertx.http.ManagementInterface;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.Map;

/**
 * Refuses addresses and headers that are too long, before anything else sees the call. The server's own limits are higher, since it refuses
 * without a problem document.
 */
@Singleton
public final class HeaderLimitFilter {
    private static final int BEFORE_ALL_OTHERS = 1000;
    /** Each header's line has a colon, a space and a line end. */
    private static final int LINE_BYTES = 4;

    private final HttpLimits limits;

    HeaderLimitFilter(HttpLimits limits) {
        this.limits = limits;
    }

    void register(@Observes CallFilters filters) {
        filters.register(this::check, BEFORE_ALL_OTHERS);
    }

    void register(@Observes ManagementInterface management) {
        management.router().route().order(Integer.MIN_VALUE).handler(CallFilters.handler(this::check));
    }

    private boolean check(RoutingContext call) {
        ConnectionTimeouts.begin(call);
        int address = call.request().uri().length();
        if (address > limits.maxAddressBytes()) {
            refuse(
                    call,
                    Problem.of(
                            Problem.Kind.URI_TOO_LONG,
                            "the address must have at most " + limits.maxAddressBytes()
                                    + " bytes (penstock.ingress.max-address-bytes), had " + address));
            return false;
        }
        int headers = headerBytes(call.request());
        if (headers > limits.maxHeaderBytes()) {
            refuse(
                    call,
                    Problem.of(
                            Problem.Kind.HEADERS_TOO_LARGE,
                            "the headers must have at most " + limits.maxHeaderBytes()
                                    + " bytes (penstock.ingress.max-header-bytes), had " + headers));
            return false;
        }
        return true;
    }

    private static int headerBytes(HttpServerRequest http) {
        int bytes = 0;
        for (Map.Entry<String, String> header : http.headers()) {
            bytes += header.getKey().length() + header.getValue().length() + LINE_BYTES;
        }
        return bytes;
    }

    /** Closes the connection too, since the body is not read. */
    private static void refuse(RoutingContext call, Problem problem) {
        EarlyResponse.sendAndClose(call, new ProblemException(problem));
    }
}
