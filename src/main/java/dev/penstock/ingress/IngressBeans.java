package dev.penstock.ingress;

import dev.penstock.ingress.call.CallCheck;
import dev.penstock.ingress.call.Catalogue;
import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.ingress.gate.QuotaCheck;
import dev.penstock.ingress.outcomes.KeptOutcomes;
import dev.penstock.ingress.submit.AwaitedCalls;
import dev.penstock.ingress.submit.CallStatistics;
import dev.penstock.ingress.submit.Cancellation;
import dev.penstock.ingress.submit.IdempotentSubmissions;
import dev.penstock.ingress.submit.Submissions;
import dev.penstock.messages.WarmUpModels;
import dev.penstock.tenants.TenantsConfig;
import dev.penstock.threads.Faults;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.config.MeterFilter;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.util.Set;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * Offers HTTP resources and filters what they need. The limits and the identity are there from the start; the parts of the ingress are
 * there once the role has started, and never in a process without it.
 */
@Singleton
final class IngressBeans {
    @Produces
    @Singleton
    HttpLimits limits(IngressConfig config) {
        return new HttpLimits(
                config.bodyTimeout(),
                config.eventsHeartbeat(),
                config.maxAddressBytes(),
                config.maxHeaderBytes(),
                config.maxUnpackingRatio(),
                config.packFromBytes());
    }

    @Produces
    @Singleton
    AllowedOrigins origins(IngressConfig config) {
        return new AllowedOrigins(config.corsOrigins().orElse(Set.of()));
    }

    /**
     * @param host the address on which the service listens
     * @param listens false without the ingress role
     */
    @Produces
    @Singleton
    AccessPolicy accessPolicy(
            TenantsConfig tenants,
            IngressConfig config,
            MeterRegistry registry,
            Faults faults,
            @ConfigProperty(name = "quarkus.http.host") String host,
            @ConfigProperty(name = "quarkus.http.host-enabled", defaultValue = "true") boolean listens) {
        return AccessPolicy.start(
                tenants, config.quota().map(IngressConfig.QuotaSection::toQuota), registry, faults, host, listens);
    }

    void stop(@Disposes AccessPolicy policy) {
        policy.close();
    }

    /** Calls to the model of the warm-up are nobody's, and are not counted. */
    @Produces
    @Singleton
    MeterFilter withoutWarmUp() {
        return MeterFilter.deny(meter -> WarmUpModels.OF_INGRESS.equals(meter.getTag("model")));
    }

    @Produces
    @Singleton
    Catalogue catalogue(Ingress ingress) {
        return ingress.parts().catalogue();
    }

    @Produces
    @Singleton
    CallCheck check(Ingress ingress) {
        return ingress.parts().check();
    }

    @Produces
    @Singleton
    QuotaCheck quotas(Ingress ingress) {
        return ingress.parts().quotas();
    }

    @Produces
    @Singleton
    RequestIdIssuer ids(Ingress ingress) {
        return ingress.parts().ids();
    }

    @Produces
    @Singleton
    AwaitedCalls awaitedCalls(Ingress ingress) {
        return ingress.parts().awaitedCalls();
    }

    @Produces
    @Singleton
    Submissions submissions(Ingress ingress) {
        return ingress.parts().submissions();
    }

    @Produces
    @Singleton
    IdempotentSubmissions idempotentSubmissions(Ingress ingress) {
        return ingress.parts().idempotentSubmissions();
    }

    @Produces
    @Singleton
    KeptOutcomes outcomes(Ingress ingress) {
        return ingress.parts().outcomes();
    }

    @Produces
    @Singleton
    Cancellation cancellation(Ingress ingress) {
        return ingress.parts().cancellation();
    }

    @Produces
    @Singleton
    CallStatistics statistics(Ingress ingress) {
        return ingress.parts().statistics();
    }
}
