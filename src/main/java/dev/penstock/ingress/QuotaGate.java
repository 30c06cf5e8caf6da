package dev.penstock.ingress;

import dev.penstock.protocol.Problem;
import dev.penstock.tenants.Quota;
import dev.penstock.tenants.QuotaDecision;
import dev.penstock.tenants.Quotas;
import dev.penstock.tenants.Tenant;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Answers calls within their tenant's quota, and refuses others, before they reach the {@link Gate}. Thread-safe. */
final class QuotaGate {
    private final Quotas quotas;

    QuotaGate(Quotas quotas) {
        this.quotas = quotas;
    }

    /**
     * The answer, or a {@link Refusal}. A tenant without a quota costs nothing here.
     *
     * @param rejected hears the reason of a refusal
     */
    CompletionStage<Response> within(
            Tenant tenant, long rows, Consumer<String> rejected, Supplier<CompletionStage<Response>> answer) {
        if (tenant.quota().isEmpty()) {
            return answer.get();
        }
        Quota quota = tenant.quota().get();
        return quotas.decide(tenant.name(), quota, rows).thenCompose(decision -> switch (decision) {
            case QuotaDecision.Admitted admitted ->
                answer.get().thenApply(response -> with(RateLimitFields.of(quota, admitted.left()), response));
            case QuotaDecision.Refused refused -> {
                rejected.accept("quota-" + refused.limit().label());
                yield CompletableFuture.failedFuture(refusal(quota, refused));
            }
            case QuotaDecision.TooManyRows tooMany -> {
                rejected.accept("quota-row-burst");
                yield CompletableFuture.failedFuture(refusal(rows, tooMany));
            }
        });
    }

    private static Response with(Map<String, String> fields, Response response) {
        Response.ResponseBuilder builder = Response.fromResponse(response);
        fields.forEach(builder::header);
        return builder.build();
    }

    private static Refusal refusal(Quota quota, QuotaDecision.Refused refused) {
        String policy = refused.limit().label();
        Problem problem = Problem.of(
                        Problem.Kind.QUOTA,
                        "the quota of " + policy + " is used up; there is room again in " + refused.retryAfterSeconds()
                                + " s")
                .with("violated-policies", List.of(policy));
        return new Refusal(problem, refused.retryAfterSeconds(), RateLimitFields.of(quota, refused));
    }

    private static Refusal refusal(long rows, QuotaDecision.TooManyRows tooMany) {
        return new Refusal(Problem.of(
                Problem.Kind.PAYLOAD_TOO_LARGE,
                "the request has " + rows + " rows; the quota of this tenant takes " + tooMany.most()
                        + " in one request"));
    }
}
