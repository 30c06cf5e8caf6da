package dev.penstock.ingress.http;

import dev.penstock.ingress.HttpLimits;
import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.web.CallFilters;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Singleton;
import java.util.Optional;

/**
 * Takes the inference calls out of the router, behind all filters. They are most calls by far, and JAX-RS would cost a tiny model's call a
 * sixth of what event loops have to do for it (ADR 59).
 */
@Singleton
public final class InferRoute {
    /** The addresses, with placeholders. */
    public static final String ADDRESS = "/v2/models/{model}/infer";

    public static final String ADDRESS_OF_VERSION = "/v2/models/{model}/versions/{version}/infer";

    private static final int AFTER_ALL_FILTERS = 100;
    private static final int METHOD_NOT_ALLOWED = 405;

    private final Instance<InferHandler> handler;
    private final HttpLimits limits;

    /** The handler is looked up at the first call: routes are registered before the role has started. */
    InferRoute(Instance<InferHandler> handler, HttpLimits limits) {
        this.handler = handler;
        this.limits = limits;
    }

    void register(@Observes CallFilters filters) {
        filters.register(this::passes, AFTER_ALL_FILTERS);
    }

    private boolean passes(RoutingContext call) {
        Optional<InferAddress> address = InferAddress.of(call.normalizedPath());
        if (address.isEmpty()) {
            return true;
        }
        if (HttpMethod.POST.equals(call.request().method())) {
            handler.get().handle(call, address.get());
        } else {
            EarlyResponse.send(call, new ProblemException(ProblemMappers.of(METHOD_NOT_ALLOWED)), limits.bodyTimeout());
        }
        return false;
    }
}
