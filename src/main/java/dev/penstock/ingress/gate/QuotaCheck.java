package dev.penstock.ingress.gate;

import dev.penstock.ingress.call.CheckedCall;
import dev.penstock.ingress.call.ProblemException;
import dev.penstock.protocol.Problem;
import dev.penstock.tenants.Tenant;
import dev.penstock.tenants.quota.Quota;
import dev.penstock.tenants.quota.QuotaDecision;
import dev.penstock.tenants.quota.Quotas;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Checks calls against their tenant's quota of requests and rows, before they reach the {@link AdmissionControl}. Thread-safe. */
public final class QuotaCheck {
    private static final CompletionStage<Map<String, String>> NO_FIELDS = CompletableFuture.completedStage(Map.of());

    private final Quotas quotas;
    private final RejectionMeters meters;

    public QuotaCheck(Quotas quotas, RejectionMeters meters) {
        this.quotas = quotas;
        this.meters = meters;
    }

    /**
     * Counts the call against its tenant's quota. Completes with the response fields that report what is left; fails with a
     * {@link ProblemException} when the quota has no room. A tenant without a quota costs nothing here.
     */
    public CompletionStage<Map<String, String>> check(CheckedCall checked) {
        Tenant tenant = checked.call().tenant();
        if (tenant.quota().isEmpty()) {
            return NO_FIELDS;
        }
        Quota quota = tenant.quota().get();
        String model = checked.call().model();
        return quotas.decide(tenant.name(), quota, checked.rows()).thenApply(decision -> switch (decision) {
            case QuotaDecision.Admitted admitted -> RateLimitFields.of(quota, admitted.left());
            case QuotaDecision.Exceeded refused -> throw usedUp(model, quota, refused);
            case QuotaDecision.TooManyRows tooMany -> {
                meters.rejected(model, RejectionMeters.Reason.QUOTA_ROW_BURST);
                throw tooManyRows(checked.rows(), tooMany);
            }
        });
    }

    /** The refusal of any call of this tenant to that model, if its quota of requests is already known to be used up. */
    public Optional<ProblemException> usedUp(Tenant tenant, String model) {
        return tenant.quota()
                .flatMap(quota -> quotas.usedUp(tenant.name(), quota).map(refused -> usedUp(model, quota, refused)));
    }

    private ProblemException usedUp(String model, Quota quota, QuotaDecision.Exceeded refused) {
        String policy = refused.limit().label();
        meters.rejected(model, RejectionMeters.Reason.of(refused.limit()));
        Problem problem = Problem.of(
                        Problem.Kind.QUOTA,
                        "the quota of " + policy + " is used up; retry in " + refused.retryAfterSeconds() + " s")
                .with("violated-policies", List.of(policy));
        return new ProblemException(problem, refused.retryAfterSeconds(), RateLimitFields.of(quota, refused));
    }

    private static ProblemException tooManyRows(long rows, QuotaDecision.TooManyRows tooMany) {
        return new ProblemException(Problem.of(
                Problem.Kind.PAYLOAD_TOO_LARGE,
                "the request has " + rows + " rows; the quota of this tenant allows " + tooMany.most()
                        + " per request; split it"));
    }
}
