package dev.penstock.ingress.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.ingress.call.CheckedCalls;
import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.messages.RequestId;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Problem;
import dev.penstock.tenants.Tenant;
import dev.penstock.tenants.quota.OpenRequests;
import dev.penstock.tenants.quota.Quota;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** The places of a tenant's open requests, at a single ingress whose Redis is down. */
class OpenRequestLimitTest {
    private static final int WAIT_SECONDS = 7;

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final OpenRequestLimit limit = new OpenRequestLimit(
            new OpenRequests(request -> Future.failedFuture(new IOException("down")), () -> 1, () -> 0),
            new RejectionMeters(registry));
    private final RequestIdIssuer ids = new RequestIdIssuer(new byte[16], () -> 0);

    @Test
    void refusesARequestWhenAllPlacesAreTaken() {
        Tenant anna = tenant(OptionalInt.of(2));
        Place first = take(anna, Duration.ofMinutes(10));
        take(anna, Duration.ofMinutes(10));

        ProblemException refusal = refused(anna, Duration.ofMinutes(10));

        assertThat(refusal.problem().is(Problem.Kind.QUOTA)).isTrue();
        assertThat(new String(refusal.problem().toJson(), StandardCharsets.UTF_8))
                .contains("\"violated-policies\":[\"open-requests\"]");
        assertThat(refusal.retryAfterSeconds()).hasValue(WAIT_SECONDS);
        assertThat(refusal.headers()).containsEntry("RateLimit", "\"open-requests\";r=0;t=7");
        assertThat(registry.get("inference.rejected")
                        .tags("model", "m", "reason", "quota-open-requests")
                        .counter()
                        .count())
                .isEqualTo(1);

        first.release();
        take(anna, Duration.ofMinutes(10));
    }

    @Test
    void aRetryWaitsAtMostForTheFirstDeadline() {
        Tenant anna = tenant(OptionalInt.of(1));
        take(anna, Duration.ofSeconds(5));
        assertThat(refused(anna, Duration.ofMinutes(10)).retryAfterSeconds().orElseThrow())
                .isBetween(1, 5);
    }

    @Test
    void aTenantWithoutALimitNeedsNoPlace() {
        Tenant anna = tenant(OptionalInt.empty());
        for (int i = 0; i < 1000; i++) {
            assertThat(take(anna, Duration.ofMinutes(10))).isSameAs(Place.UNLIMITED);
        }
    }

    private ProblemException refused(Tenant tenant, Duration timeout) {
        try {
            take(tenant, timeout);
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof ProblemException refusal) {
                return refusal;
            }
        }
        throw new AssertionError("was not refused");
    }

    private Place take(Tenant tenant, Duration timeout) {
        RequestId id = ids.issue(tenant, timeout);
        return limit.take(
                        CheckedCalls.of(tenant, 1),
                        id,
                        () -> Duration.ofSeconds(WAIT_SECONDS).toNanos())
                .toCompletableFuture()
                .join();
    }

    private static Tenant tenant(OptionalInt openRequests) {
        Quota quota = new Quota(10, 20, 100, 150, openRequests);
        return new Tenant("anna", 1, Optional.empty(), Set.of(Lane.values()), Optional.of(quota), 1);
    }
}
