package dev.penstock.ingress.http;

import dev.penstock.ingress.Drain;
import dev.penstock.ingress.HttpLimits;
import dev.penstock.ingress.call.Catalogue;
import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.gate.QuotaCheck;
import dev.penstock.ingress.web.CallFilters;
import dev.penstock.tenants.Tenant;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Singleton;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Refuses the calls of a tenant whose quota is used up before their bodies are read. So a tenant that sends far more than its quota costs
 * the others almost nothing. All other calls are counted by {@link QuotaCheck}, once their rows are known.
 */
@Singleton
public final class QuotaFilter {
    private static final int AFTER_AUTHENTICATION = 800;
    private static final Pattern INFER = Pattern.compile("/v2/models/([^/]+)(?:/versions/([^/]+))?/infer");

    private final AuthenticationFilter authentication;
    private final HttpLimits limits;
    private final Drain drain;
    private final Instance<Catalogue> catalogue;
    private final Instance<QuotaCheck> quotas;

    /** The parts of the ingress are looked up at the first call: filters are registered before the role has started. */
    QuotaFilter(
            AuthenticationFilter authentication,
            HttpLimits limits,
            Drain drain,
            Instance<Catalogue> catalogue,
            Instance<QuotaCheck> quotas) {
        this.authentication = authentication;
        this.limits = limits;
        this.drain = drain;
        this.catalogue = catalogue;
        this.quotas = quotas;
    }

    void register(@Observes CallFilters filters) {
        filters.register(this::check, AFTER_AUTHENTICATION);
    }

    private boolean check(RoutingContext call) {
        Optional<ProblemException> refusal =
                HttpMethod.POST.equals(call.request().method()) ? refusal(call) : Optional.empty();
        refusal.ifPresent(problem -> EarlyResponse.send(call, problem, limits.bodyTimeout()));
        return refusal.isEmpty();
    }

    private Optional<ProblemException> refusal(RoutingContext call) {
        Matcher infer = INFER.matcher(call.request().path());
        if (!infer.matches()) {
            return Optional.empty();
        }
        Tenant tenant = authentication.tenantOf(call);
        return tenant.quota().isEmpty()
                ? Optional.empty()
                : refusal(tenant, infer.group(1), Optional.ofNullable(infer.group(2)));
    }

    /** Calls that end in another refusal anyway are left to the resource. */
    private Optional<ProblemException> refusal(Tenant tenant, String model, Optional<String> version) {
        boolean isCounted = !drain.refuses()
                && tenant.mayUse(model)
                && catalogue.get().find(model, version).isPresent();
        return isCounted ? quotas.get().usedUp(tenant, model) : Optional.empty();
    }
}
