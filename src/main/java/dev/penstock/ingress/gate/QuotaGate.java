package dev.penstock.ingress.gate;

import dev.penstock.ingress.call.Ids;
import dev.penstock.ingress.call.Refusal;
import dev.penstock.messages.RequestId;
import dev.penstock.protocol.Problem;
import dev.penstock.tenants.Tenant;
import dev.penstock.tenants.quota.OpenRequests;
import dev.penstock.tenants.quota.Quota;
import dev.penstock.tenants.quota.QuotaDecision;
import dev.penstock.tenants.quota.QuotaLimit;
import dev.penstock.tenants.quota.Quotas;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/** Answers calls within their tenant's quota, and refuses others, before they reach the {@link Gate}. Thread-safe. */
public final class QuotaGate {
    private static final Logger LOG = Logger.getLogger(QuotaGate.class);
    private static final int MOST_RETRY_SECONDS = 60;

    private final Quotas quotas;
    private final OpenRequests open;

    public QuotaGate(Quotas quotas, OpenRequests open) {
        this.quotas = quotas;
        this.open = open;
    }

    /**
     * The answer, or a {@link Refusal}. A tenant without a quota costs nothing here.
     *
     * @param rejected hears the reason of a refusal
     */
    public CompletionStage<Response> within(
            Tenant tenant, long rows, Consumer<String> rejected, Supplier<CompletionStage<Response>> answer) {
        if (tenant.quota().isEmpty()) {
            return answer.get();
        }
        Quota quota = tenant.quota().get();
        return quotas.decide(tenant.name(), quota, rows).thenCompose(decision -> switch (decision) {
            case QuotaDecision.Admitted admitted ->
                answer.get().thenApply(response -> with(RateLimitFields.of(quota, admitted.left()), response));
            case QuotaDecision.Refused refused -> CompletableFuture.failedFuture(refusal(quota, refused, rejected));
            case QuotaDecision.TooManyRows tooMany -> {
                rejected.accept("quota-row-burst");
                yield CompletableFuture.failedFuture(refusal(rows, tooMany));
            }
        });
    }

    /**
     * The refusal of any call of this tenant, if it is known already that its requests are used up.
     *
     * @param rejected hears the reason of a refusal
     */
    public Optional<Refusal> usedUp(Tenant tenant, Consumer<String> rejected) {
        return tenant.quota()
                .flatMap(
                        quota -> quotas.usedUp(tenant.name(), quota).map(refused -> refusal(quota, refused, rejected)));
    }

    /**
     * Takes one of the tenant's places for a request whose outcome will be kept; it is free again with the outcome, or by {@link #leave}.
     * A request that comes again under its id keeps the place that it has.
     *
     * @param waitNanos asks how long requests like this one wait, and so at most until others' places are free
     * @param rejected hears the reason of a refusal
     */
    public void takePlace(
            Tenant tenant,
            RequestId id,
            LongSupplier waitNanos,
            Consumer<String> rejected,
            Runnable taken,
            Consumer<Refusal> refused) {
        if (!Ids.hasPlace(id) || tenant.openRequests().isEmpty()) {
            taken.run();
            return;
        }
        open.take(id, tenant.openRequests().getAsInt())
                .thenAccept(fullMillis -> {
                    if (fullMillis.isEmpty()) {
                        taken.run();
                    } else {
                        rejected.accept("quota-" + QuotaLimit.OPEN_REQUESTS.label());
                        refused.accept(
                                full(tenant, Math.min(fullMillis.getAsLong() / 1e3, waitNanos.getAsLong() / 1e9)));
                    }
                })
                .exceptionally(bug -> {
                    LOG.errorf(bug, "The request %s was not published", id);
                    refused.accept(Refusal.inDoubt(
                            Problem.of(Problem.Kind.INTERNAL, "the request may or may not have been accepted"), 0));
                    return null;
                });
    }

    /** The request was not accepted: its place, if it has one, is free. */
    public void leave(RequestId id) {
        if (Ids.hasPlace(id)) {
            open.leave(id);
        }
    }

    private static Response with(Map<String, String> fields, Response response) {
        Response.ResponseBuilder builder = Response.fromResponse(response);
        fields.forEach(builder::header);
        return builder.build();
    }

    private static Refusal refusal(Quota quota, QuotaDecision.Refused refused, Consumer<String> rejected) {
        String policy = refused.limit().label();
        rejected.accept("quota-" + policy);
        Problem problem = Problem.of(
                        Problem.Kind.QUOTA,
                        "the quota of " + policy + " is used up; there is room again in " + refused.retryAfterSeconds()
                                + " s")
                .with("violated-policies", List.of(policy));
        return new Refusal(problem, refused.retryAfterSeconds(), RateLimitFields.of(quota, refused));
    }

    private static Refusal full(Tenant tenant, double freeInSeconds) {
        int seconds = Math.clamp((long) Math.ceil(freeInSeconds), 1, MOST_RETRY_SECONDS);
        Problem problem = Problem.of(
                        Problem.Kind.QUOTA,
                        "as many requests of this tenant wait for their outcome as may ("
                                + tenant.openRequests().orElseThrow() + "); there may be room again in " + seconds
                                + " s")
                .with("violated-policies", List.of(QuotaLimit.OPEN_REQUESTS.label()));
        var refused = new QuotaDecision.Refused(QuotaLimit.OPEN_REQUESTS, seconds);
        return new Refusal(problem, seconds, RateLimitFields.of(tenant.quota().orElseThrow(), refused));
    }

    private static Refusal refusal(long rows, QuotaDecision.TooManyRows tooMany) {
        return new Refusal(Problem.of(
                Problem.Kind.PAYLOAD_TOO_LARGE,
                "the request has " + rows + " rows; the quota of this tenant takes " + tooMany.most()
                        + " in one request"));
    }
}
