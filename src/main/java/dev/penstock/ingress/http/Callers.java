package dev.penstock.ingress.http;

import dev.penstock.ingress.IngressConfig;
import dev.penstock.ingress.call.Refusal;
import dev.penstock.protocol.Problem;
import dev.penstock.tenants.Caller;
import dev.penstock.tenants.Identity;
import dev.penstock.tenants.Tenant;
import dev.penstock.tenants.TenantsConfig;
import dev.penstock.threads.Faults;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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

    private final Optional<Identity> identity;
    private final Tenant anybody;
    private final Duration bodyTimeout;

    /**
     * @param faults hears when the thread that reads the tenants file fails
     * @param host where the service listens
     * @param listens false without the ingress role
     */
    Callers(
            TenantsConfig config,
            IngressConfig ingressConfig,
            MeterRegistry registry,
            Faults faults,
            @ConfigProperty(name = "quarkus.http.host") String host,
            @ConfigProperty(name = "quarkus.http.host-enabled", defaultValue = "true") boolean listens) {
        if (listens && config.identity() == TenantsConfig.Identity.OFF) {
            requirePrivate(config, host);
        }
        this.identity = listens ? Identity.of(config, registry, faults) : Optional.empty();
        this.bodyTimeout = ingressConfig.bodyTimeout();
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

    private void identify(RoutingContext call, Identity identity) {
        if (OPEN.contains(call.request().path())) {
            call.next();
            return;
        }
        List<String> credentials = credentials(call.request());
        if (credentials.size() != 1) {
            String must = credentials.isEmpty() ? "there must be a credential" : "there must be one credential";
            refuse(call, must + ": Authorization: Bearer, or X-API-Key", "");
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

    private void proceed(RoutingContext call, Caller caller) {
        switch (caller) {
            case Caller.Known known -> {
                call.put(TENANT, known.tenant());
                call.next();
            }
            case Caller.Unknown unknown -> refuse(call, unknown.reason(), ", error=\"invalid_token\"");
            case Caller.Stranger stranger ->
                EarlyAnswer.send(call, new Refusal(Problem.of(Problem.Kind.FORBIDDEN, stranger.reason())), bodyTimeout);
            case Caller.Undecided undecided ->
                EarlyAnswer.send(
                        call, new Refusal(Problem.of(Problem.Kind.UNAVAILABLE, undecided.reason()), 1), bodyTimeout);
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

    /** RFC 6750. */
    private void refuse(RoutingContext call, String detail, String error) {
        EarlyAnswer.send(
                call,
                new Refusal(
                        Problem.of(Problem.Kind.UNAUTHENTICATED, detail),
                        0,
                        Map.of("WWW-Authenticate", "Bearer realm=\"penstock\"" + error)),
                bodyTimeout);
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
