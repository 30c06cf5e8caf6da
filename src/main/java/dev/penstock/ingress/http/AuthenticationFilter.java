package dev.penstock.ingress.http;

import dev.penstock.ingress.AccessPolicy;
import dev.penstock.ingress.HttpLimits;
import dev.penstock.ingress.call.GrpcPaths;
import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.warmup.WarmUpPass;
import dev.penstock.ingress.web.CallFilters;
import dev.penstock.protocol.Problem;
import dev.penstock.tenants.Authentication;
import dev.penstock.tenants.Authenticator;
import dev.penstock.tenants.Tenant;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Authenticates callers before any resource sees their calls. Only the health of the server is open to everybody, over REST and gRPC, and
 * so is the management port, which is another server. While identity is off, all callers are the anonymous tenant.
 */
@Singleton
public final class AuthenticationFilter {
    private static final String TENANT = "penstock.tenant";
    private static final Set<String> OPEN = Set.of("/v2/health/live", "/v2/health/ready");

    private final Optional<Authenticator> authenticator;
    private final Tenant anonymous;
    private final Duration bodyTimeout;
    private final WarmUpPass pass;

    AuthenticationFilter(AccessPolicy policy, HttpLimits limits, WarmUpPass pass) {
        this.authenticator = policy.authenticator();
        this.anonymous = policy.anonymous();
        this.bodyTimeout = limits.bodyTimeout();
        this.pass = pass;
    }

    void register(@Observes Filters filters) {
        authenticator.ifPresent(known -> filters.register(call -> identify(call, known), CallFilters.AUTHENTICATION));
    }

    /** The tenant that makes the call. */
    public Tenant tenantOf(RoutingContext call) {
        Tenant tenant = call.get(TENANT);
        if (tenant != null) {
            return tenant;
        }
        if (authenticator.isPresent()) {
            throw new IllegalStateException("the call was not authenticated");
        }
        return ofWarmUp(call).orElse(anonymous);
    }

    private Optional<Tenant> ofWarmUp(RoutingContext call) {
        return pass.isValid() ? pass.tenant(call.request().getHeader(WarmUpPass.HEADER)) : Optional.empty();
    }

    private void identify(RoutingContext call, Authenticator authenticator) {
        String path = call.request().path();
        if (OPEN.contains(path) || GrpcPaths.isHealth(path)) {
            call.next();
            return;
        }
        Optional<Tenant> warmUp = ofWarmUp(call);
        if (warmUp.isPresent()) {
            call.put(TENANT, warmUp.get());
            call.next();
            return;
        }
        List<String> credentials = credentials(call.request());
        if (credentials.size() != 1) {
            refuse(
                    call,
                    "there must be one credential, in Authorization: Bearer or X-API-Key; had " + credentials.size(),
                    "");
            return;
        }
        var asked = authenticator.authenticate(credentials.getFirst()).toCompletableFuture();
        if (asked.isDone()) {
            proceed(call, asked.join());
        } else {
            Context context = Vertx.currentContext();
            asked.thenAccept(caller -> context.runOnContext(back -> {
                if (!call.response().closed()) { // the caller may have disconnected
                    proceed(call, caller);
                }
            }));
        }
    }

    private void proceed(RoutingContext call, Authentication caller) {
        switch (caller) {
            case Authentication.Succeeded known -> {
                call.put(TENANT, known.tenant());
                call.next();
            }
            case Authentication.InvalidCredential invalid ->
                refuse(call, invalid.reason(), ", error=\"invalid_token\"");
            case Authentication.UnknownTenant stranger ->
                EarlyResponse.send(
                        call, new ProblemException(Problem.of(Problem.Kind.FORBIDDEN, stranger.reason())), bodyTimeout);
            case Authentication.Unavailable undecided ->
                EarlyResponse.send(
                        call,
                        new ProblemException(Problem.of(Problem.Kind.UNAVAILABLE, undecided.reason()), 1),
                        bodyTimeout);
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

    /** Refuses a call as RFC 6750 prescribes. */
    private void refuse(RoutingContext call, String detail, String error) {
        EarlyResponse.send(
                call,
                new ProblemException(
                        Problem.of(Problem.Kind.UNAUTHENTICATED, detail),
                        0,
                        Map.of("WWW-Authenticate", "Bearer realm=\"penstock\"" + error)),
                bodyTimeout);
    }
}
