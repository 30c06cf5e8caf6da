package dev.penstock.ingress.console;

import dev.penstock.ingress.Drain;
import dev.penstock.ingress.IngressStart;
import dev.penstock.ingress.call.Catalogue;
import dev.penstock.ingress.http.AuthenticationFilter;
import dev.penstock.ingress.web.CallFilters;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheus.PrometheusMeterRegistry;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Singleton;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * Serves the console where it is switched on: the page at {@code /} to everybody, since it holds no data and a browser has no way to send a
 * credential with an address; and its events to callers that are authenticated as for the API. It serves reads only.
 */
@Singleton
@SuppressWarnings("deprecation") // Quarkus 3.33 has this registry of Prometheus, and no other
public final class ConsoleRoutes {
    private static final int BEFORE_AUTHENTICATION = 920;
    private static final int AFTER_AUTHENTICATION = 820;
    private static final String EVENTS = "/console/events";
    private static final int RETRY_SECONDS = 10;

    /** Nothing from elsewhere, nothing inline, in nobody's frame. */
    private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
            + "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

    private final boolean isEnabled;
    private final AuthenticationFilter authentication;
    private final Drain drain;
    private final Assets assets = new Assets();
    private final Viewers viewers;

    ConsoleRoutes(
            ConsoleConfig config,
            AuthenticationFilter authentication,
            IngressStart start,
            Drain drain,
            Instance<Catalogue> catalogue,
            MeterRegistry registry,
            PrometheusMeterRegistry exported,
            Vertx vertx,
            @ConfigProperty(name = "penstock.roles", defaultValue = "ingress,worker") List<String> roles) {
        this.isEnabled = config.enabled();
        this.authentication = authentication;
        this.drain = drain;
        this.viewers = new Viewers(
                vertx,
                config.maxViewers(),
                start::waitsFor,
                new Frames(
                        registry,
                        catalogue::get,
                        exported::scrape,
                        roles.stream().anyMatch("worker"::equalsIgnoreCase)));
    }

    void register(@Observes CallFilters filters) {
        filters.register(ConsoleRoutes::hideWebJars, BEFORE_AUTHENTICATION);
        if (isEnabled) {
            filters.register(this::page, BEFORE_AUTHENTICATION);
            filters.register(this::events, AFTER_AUTHENTICATION);
        }
    }

    /** The service waits for open calls before it stops, and these would never end. */
    void leave(@Observes ShutdownDelayInitiatedEvent event) {
        viewers.close();
    }

    /** Quarkus serves all web jars of the class path under their own paths. */
    private static boolean hideWebJars(RoutingContext call) {
        boolean isHidden = call.normalizedPath().startsWith("/webjars/");
        if (isHidden) {
            call.response().setStatusCode(404).end();
        }
        return !isHidden;
    }

    private boolean page(RoutingContext call) {
        Optional<Assets.Asset> found = assets.find(call.request().path());
        if (found.isPresent() && isOneOf(call, HttpMethod.GET, HttpMethod.HEAD)) {
            send(call, found.get());
        }
        return found.isEmpty();
    }

    private static void send(RoutingContext call, Assets.Asset asset) {
        HttpServerResponse response = call.response();
        harden(response).putHeader(HttpHeaders.CACHE_CONTROL, "no-cache").putHeader(HttpHeaders.ETAG, asset.tag());
        if (asset.tag().equals(call.request().getHeader(HttpHeaders.IF_NONE_MATCH))) {
            response.setStatusCode(304).end();
            return;
        }
        response.putHeader(HttpHeaders.CONTENT_TYPE, asset.type());
        if (HttpMethod.HEAD.equals(call.request().method())) {
            response.putHeader(
                            HttpHeaders.CONTENT_LENGTH,
                            Integer.toString(asset.content().length()))
                    .end();
        } else {
            response.end(asset.content());
        }
    }

    private boolean events(RoutingContext call) {
        boolean isTheirs = EVENTS.equals(call.request().path());
        if (isTheirs && isOneOf(call, HttpMethod.GET)) {
            stream(call);
        }
        return !isTheirs;
    }

    private void stream(RoutingContext call) {
        HttpServerResponse response = harden(call.response());
        call.addEndHandler(gone -> viewers.remove(response));
        if (drain.isLeaving()
                || !viewers.add(
                        response, authentication.tenantOf(call), call.vertx().getOrCreateContext())) {
            response.setStatusCode(503)
                    .putHeader(HttpHeaders.RETRY_AFTER, Integer.toString(RETRY_SECONDS))
                    .end();
            return;
        }
        response.setChunked(true)
                .putHeader(HttpHeaders.CONTENT_TYPE, "text/event-stream")
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                // Proxies such as nginx would hold events back.
                .putHeader("X-Accel-Buffering", "no")
                .write("retry: 2000\n\n");
    }

    /** Answers a call with another method. */
    private static boolean isOneOf(RoutingContext call, HttpMethod... methods) {
        if (List.of(methods).contains(call.request().method())) {
            return true;
        }
        String allowed = Arrays.stream(methods).map(HttpMethod::name).collect(Collectors.joining(", "));
        call.response().setStatusCode(405).putHeader(HttpHeaders.ALLOW, allowed).end();
        return false;
    }

    private static HttpServerResponse harden(HttpServerResponse response) {
        return response.putHeader("Content-Security-Policy", POLICY)
                .putHeader("X-Content-Type-Options", "nosniff")
                .putHeader("Referrer-Policy", "no-referrer")
                .putHeader("Cross-Origin-Opener-Policy", "same-origin");
    }
}
