package dev.penstock.ingress;

import dev.penstock.protocol.Problem;
import dev.penstock.tenants.Caller;
import dev.penstock.tenants.Identity;
import dev.penstock.tenants.Tenant;
import dev.penstock.tenants.TenantsConfig;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * Knows who calls. Asks ahead of all resources, so that none can be forgotten; only {@code /v2/health} answers everybody, and the
 * management port, which is another server. While identity is off nothing is asked.
 */
@Singleton
public final class Callers {
    private static final String TENANT = "penstock.tenant";
    private static final Set<String> OPEN = Set.of("/v2/health/live", "/v2/health/ready");
    private static final int AFTER_HEADER_LIMITS = 900;
    private static final long DRAINED_BYTES = 64 * 1024;

    private final Optional<Identity> identity;
    private final Tenant anybody;

    /**
     * @param host where the service listens
     * @param listens false without the ingress role
     */
    Callers(
            TenantsConfig config,
            IngressConfig ingressConfig,
            MeterRegistry registry,
            @ConfigProperty(name = "quarkus.http.host") String host,
            @ConfigProperty(name = "quarkus.http.host-enabled", defaultValue = "true") boolean listens) {
        if (listens && config.identity() == TenantsConfig.Identity.OFF) {
            requirePrivate(config, host);
        }
        this.identity = listens ? Identity.of(config, registry) : Optional.empty();
        this.anybody = Tenant.anybody(ingressConfig.quota().map(IngressConfig.QuotaSection::toQuota));
    }

    void register(@Observes Filters filters) {
        identity.ifPresent(known -> filters.register(call -> identify(call, known), AFTER_HEADER_LIMITS));
    }

    /** Whom the call is from. */
    Tenant tenantOf(RoutingContext call) {
        Tenant tenant = call.get(TENANT);
        if (tenant != null) {
            return tenant;
        }
        if (identity.isPresent()) {
            throw new IllegalStateException("nobody has asked who calls");
        }
        return anybody;
    }

    private static void identify(RoutingContext call, Identity identity) {
        if (OPEN.contains(call.request().path())) {
            call.next();
            return;
        }
        List<String> credentials = credentials(call.request());
        if (credentials.size() != 1) {
            String must = credentials.isEmpty() ? "there must be a credential" : "there must be one credential";
            refuse(call, Problem.Kind.UNAUTHENTICATED, must + ": Authorization: Bearer, or X-API-Key", "");
            return;
        }
        var asked = identity.of(credentials.getFirst()).toCompletableFuture();
        if (asked.isDone()) {
            proceed(call, asked.join());
        } else {
            Context context = Vertx.currentContext();
            asked.thenAccept(caller -> context.runOnContext(back -> {
                if (!call.response().closed()) { // the caller may have left meanwhile
                    proceed(call, caller);
                }
            }));
        }
    }

    private static void proceed(RoutingContext call, Caller caller) {
        switch (caller) {
            case Caller.Known known -> {
                call.put(TENANT, known.tenant());
                call.next();
            }
            case Caller.Unknown unknown ->
                refuse(call, Problem.Kind.UNAUTHENTICATED, unknown.reason(), ", error=\"invalid_token\"");
            case Caller.Stranger stranger -> refuse(call, Problem.Kind.FORBIDDEN, stranger.reason(), "");
            case Caller.Undecided undecided -> {
                call.response().putHeader("Retry-After", "1");
                refuse(call, Problem.Kind.UNAVAILABLE, undecided.reason(), "");
            }
        }
    }

    private static List<String> credentials(HttpServerRequest http) {
        List<String> found = new ArrayList<>(http.headers().getAll("X-API-Key"));
        for (String authorization : http.headers().getAll(HttpHeaders.AUTHORIZATION)) {
            boolean bearer = authorization.regionMatches(true, 0, "Bearer ", 0, 7);
            found.add(bearer ? authorization.substring(7).strip() : "");
        }
        return found;
    }

    /** RFC 6750. What is left of a short body is read and forgotten, so that its sender can read this; a long one ends the connection. */
    private static void refuse(RoutingContext call, Problem.Kind kind, String detail, String error) {
        HttpServerRequest http = call.request();
        HttpServerResponse response = call.response();
        response.setStatusCode(kind.status());
        response.putHeader(HttpHeaders.CONTENT_TYPE, Problem.CONTENT_TYPE);
        if (kind == Problem.Kind.UNAUTHENTICATED) {
            response.putHeader("WWW-Authenticate", "Bearer realm=\"penstock\"" + error);
        }
        if (isShort(http)) {
            http.resume();
        } else {
            response.putHeader(HttpHeaders.CONNECTION, "close");
            response.endHandler(sent -> http.connection().close());
        }
        response.end(Buffer.buffer(Problem.of(kind, detail).toJson()));
    }

    private static boolean isShort(HttpServerRequest http) {
        String length = http.getHeader(HttpHeaders.CONTENT_LENGTH);
        return http.version() == HttpVersion.HTTP_2
                || (length == null
                        ? !http.headers().contains(HttpHeaders.TRANSFER_ENCODING)
                        : Long.parseLong(length) <= DRAINED_BYTES);
    }

    private static void requirePrivate(TenantsConfig config, String host) {
        if (!config.allowAnonymous() && !isLoopback(host)) {
            throw new IllegalStateException(
                    "penstock.tenants.identity must be api-key or oidc where others can call, was off, and "
                            + "quarkus.http.host is " + host
                            + ". If all who can call may do everything, because something before this"
                            + " service lets in only whom it knows, say so: penstock.tenants.allow-anonymous=true");
        }
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException unknown) {
            return false;
        }
    }

    @PreDestroy
    void close() {
        identity.ifPresent(Identity::close);
    }
}
