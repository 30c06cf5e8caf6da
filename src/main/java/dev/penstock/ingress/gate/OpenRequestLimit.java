package dev.penstock.ingress.gate;

import dev.penstock.ingress.call.CheckedCall;
import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.messages.RequestId;
import dev.penstock.protocol.Problem;
import dev.penstock.tenants.Tenant;
import dev.penstock.tenants.quota.OpenRequests;
import dev.penstock.tenants.quota.QuotaDecision;
import dev.penstock.tenants.quota.QuotaLimit;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;

/** Limits how many requests of a tenant may wait for their outcome, among those whose outcome is kept. Thread-safe. */
public final class OpenRequestLimit {
    private static final int MAX_RETRY_SECONDS = 60;
    private static final CompletionStage<Place> UNLIMITED = CompletableFuture.completedStage(Place.UNLIMITED);

    private final OpenRequests open;
    private final RejectionMeters meters;

    public OpenRequestLimit(OpenRequests open, RejectionMeters meters) {
        this.open = open;
        this.meters = meters;
    }

    /**
     * Takes a place for a request; fails with a {@link ProblemException} when all are taken. A request that is repeated under its id keeps
     * the place that it has. A tenant without a limit costs nothing here.
     *
     * @param waitNanos how long requests like this one wait, and so at most until another's place is free; asked only when all are taken
     */
    public CompletionStage<Place> take(CheckedCall checked, RequestId id, LongSupplier waitNanos) {
        Tenant tenant = checked.call().tenant();
        if (!RequestIdIssuer.hasPlace(id)) {
            return UNLIMITED;
        }
        // The quota may have been reloaded since the id was issued: the place is released all the same.
        Place place = () -> open.leave(id);
        if (tenant.openRequests().isEmpty()) {
            return CompletableFuture.completedStage(place);
        }
        return open.take(id, tenant.openRequests().getAsInt()).thenApply(fullMillis -> {
            if (fullMillis.isEmpty()) {
                return place;
            }
            meters.rejected(checked.call().model(), RejectionMeters.Reason.QUOTA_OPEN_REQUESTS);
            throw full(tenant, Math.min(fullMillis.getAsLong() / 1e3, waitNanos.getAsLong() / 1e9));
        });
    }

    private static ProblemException full(Tenant tenant, double freeInSeconds) {
        int seconds = Math.clamp((long) Math.ceil(freeInSeconds), 1, MAX_RETRY_SECONDS);
        Problem problem = Problem.of(
                        Problem.Kind.QUOTA,
                        "too many requests of this tenant wait for their outcome (limit "
                                + tenant.openRequests().orElseThrow() + "); retry in " + seconds + " s")
                .with("violated-policies", List.of(QuotaLimit.OPEN_REQUESTS.label()));
        var refused = new QuotaDecision.Exceeded(QuotaLimit.OPEN_REQUESTS, seconds);
        return new ProblemException(
                problem, seconds, RateLimitFields.of(tenant.quota().orElseThrow(), refused));
    }
}
