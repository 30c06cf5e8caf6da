package dev.penstock.ingress.web;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Says which methods an address of the API takes: to a call with OPTIONS, and in {@code Allow} on a 405 (RFC 9110, sections 9.3.7 and
 * 15.5.6). JAX-RS lists the methods of a whole class instead, and gives a 405 no {@code Allow}. A test holds this list to the resources
 * and the route of inference calls.
 */
@Singleton
public final class AllowedMethods {
    private static final int AFTER_THE_START_FILTER = 930;
    private static final int NOT_ALLOWED = 405;
    private static final String READ = "GET, HEAD, OPTIONS";
    private static final String WRITE = "POST, OPTIONS";
    private static final String READ_AND_WRITE = "GET, HEAD, POST, OPTIONS";

    private static final List<Address> ADDRESSES = List.of(
            new Address("/v2(/health/(live|ready)|/models)?", READ),
            new Address("/v2/models/[^/]+(/versions/[^/]+)?(/ready|/config|/stats)?", READ),
            new Address("/v2(/models/[^/]+)?/trace/setting", READ_AND_WRITE),
            new Address("/v2/logging", READ_AND_WRITE),
            new Address("/v2/(system|cuda)sharedmemory/.*", READ_AND_WRITE),
            new Address("/v2/repository/models/[^/]+/(load|unload)", WRITE),
            new Address("/v2/models/[^/]+(/versions/[^/]+)?/infer", WRITE),
            new Address("/v2/repository/index", WRITE),
            new Address("/v2/requests/[^/]+", "GET, HEAD, DELETE, OPTIONS"),
            new Address("/v2/requests/[^/]+/events", READ));

    private record Address(Pattern path, String methods) {
        Address(String path, String methods) {
            this(Pattern.compile(path), methods);
        }
    }

    void register(@Observes CallFilters filters) {
        filters.register(AllowedMethods::check, AFTER_THE_START_FILTER);
    }

    /** The methods that an address takes, as {@code Allow} lists them; empty for an address that is none of the API's. */
    static Optional<String> of(String path) {
        return ADDRESSES.stream()
                .filter(address -> address.path.matcher(path).matches())
                .map(Address::methods)
                .findFirst();
    }

    private static boolean check(RoutingContext call) {
        if (HttpMethod.OPTIONS.equals(call.request().method())) {
            Optional<String> allow = allowed(call.request());
            if (allow.isPresent()) {
                answer(call.request(), allow.get());
                return false;
            }
        }
        if (!isInfer(call.request())) {
            call.addHeadersEndHandler(begins -> allowInstead(call));
        }
        return true;
    }

    /** Most calls are these, and they are allowed. */
    private static boolean isInfer(HttpServerRequest http) {
        return HttpMethod.POST.equals(http.method())
                && http.path() != null
                && http.path().endsWith("/infer");
    }

    private static void allowInstead(RoutingContext call) {
        if (call.response().getStatusCode() == NOT_ALLOWED) {
            allowed(call.request()).ifPresent(allow -> call.response().putHeader(HttpHeaders.ALLOW, allow));
        }
    }

    private static Optional<String> allowed(HttpServerRequest http) {
        String path = http.path();
        return path == null ? Optional.empty() : of(path);
    }

    /** A body is not read: it says nothing that would matter. */
    private static void answer(HttpServerRequest http, String allow) {
        HttpServerResponse response = http.response();
        if (http.headers().contains(HttpHeaders.CONTENT_LENGTH)
                || http.headers().contains(HttpHeaders.TRANSFER_ENCODING)) {
            response.putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
        }
        response.putHeader(HttpHeaders.ALLOW, allow).setStatusCode(204).end();
    }
}
