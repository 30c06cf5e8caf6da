package dev.penstock.ingress.http;

import dev.penstock.ingress.Ingress;
import dev.penstock.ingress.call.Refusal;
import dev.penstock.tenants.Tenant;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Singleton;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Refuses the calls of a tenant whose quota is used up before anything else is done with them, so that who sends far more than its quota
 * takes next to nothing from the others. What it lets through is counted by {@code QuotaGate}, as soon as its rows are known.
 */
@Singleton
public final class QuotaFilter {
    private static final int AFTER_CALLERS = 800;
    private static final Pattern INFER = Pattern.compile("/v2/models/([^/]+)(?:/versions/([^/]+))?/infer");

    private final Callers callers;
    private final Instance<Ingress> ingress;

    /** @param ingress there as soon as there are calls */
    QuotaFilter(Callers callers, Instance<Ingress> ingress) {
        this.callers = callers;
        this.ingress = ingress;
    }

    void register(@Observes Filters filters) {
        filters.register(this::check, AFTER_CALLERS);
    }

    private void check(RoutingContext call) {
        Optional<Refusal> refusal = HttpMethod.POST.equals(call.request().method()) ? refusal(call) : Optional.empty();
        if (refusal.isPresent()) {
            EarlyAnswer.send(call, refusal.get(), ingress.get().bodyTimeout());
        } else {
            call.next();
        }
    }

    private Optional<Refusal> refusal(RoutingContext call) {
        Matcher infer = INFER.matcher(call.request().path());
        if (!infer.matches()) {
            return Optional.empty();
        }
        Tenant tenant = callers.tenantOf(call);
        return tenant.quota().isEmpty()
                ? Optional.empty()
                : ingress.get().usedUp(tenant, infer.group(1), Optional.ofNullable(infer.group(2)));
    }
}
