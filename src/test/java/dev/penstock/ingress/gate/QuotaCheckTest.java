package dev.penstock.ingress.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.ingress.call.CheckedCalls;
import dev.penstock.ingress.call.ProblemException;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Problem;
import dev.penstock.tenants.Tenant;
import dev.penstock.tenants.quota.Quota;
import dev.penstock.tenants.quota.Quotas;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** The response fields and refusals of a quota, at a single ingress whose Redis is down. */
class QuotaCheckTest {
    private static final Quota QUOTA = new Quota(10, 20, 100, 150);

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final QuotaCheck check = new QuotaCheck(
            new Quotas(
                    request -> Future.failedFuture(new IOException("down")),
                    new Quotas.Settings(Duration.ofMillis(500), Duration.ofSeconds(1)),
                    () -> 1,
                    () -> 0),
            new RejectionMeters(registry));

    @Test
    void anAnswerReportsTheRemainingQuotaAndItsWindow() {
        assertThat(fields(tenant(Optional.of(QUOTA)), 40))
                .containsEntry("RateLimit-Policy", "\"requests\";q=20;w=2,\"rows\";q=150;w=2")
                .containsEntry("RateLimit", "\"requests\";r=19;t=2,\"rows\";r=110;t=2");
    }

    @Test
    void aRefusalSaysWhichPolicyIsUsedUpAndWhenToRetry() {
        fields(tenant(Optional.of(QUOTA)), 150);
        ProblemException refusal = refused(tenant(Optional.of(QUOTA)), 120);
        assertThat(refusal.problem().is(Problem.Kind.QUOTA)).isTrue();
        assertThat(new String(refusal.problem().toJson(), StandardCharsets.UTF_8))
                .contains("\"violated-policies\":[\"rows\"]");
        assertThat(refusal.retryAfterSeconds()).hasValue(2);
        assertThat(refusal.headers())
                .containsEntry("RateLimit", "\"rows\";r=0;t=2")
                .containsEntry("RateLimit-Policy", "\"requests\";q=20;w=2,\"rows\";q=150;w=2");
        assertThat(registry.get("inference.rejected")
                        .tags("model", "m", "reason", "quota-rows")
                        .counter()
                        .count())
                .isEqualTo(1);
    }

    @Test
    void aRequestWithMoreRowsThanTheBucketIsRefusedForGood() {
        ProblemException refusal = refused(tenant(Optional.of(QUOTA)), 151);
        assertThat(refusal.problem().is(Problem.Kind.PAYLOAD_TOO_LARGE)).isTrue();
        assertThat(refusal.problem().detail()).contains("151").contains("150");
        assertThat(refusal.retryAfterSeconds()).isEmpty();
    }

    @Test
    void aLimitOfOpenRequestsIsAPolicyToo() {
        assertThat(fields(tenant(Optional.of(new Quota(10, 20, 100, 150, OptionalInt.of(2)))), 1))
                .containsEntry(
                        "RateLimit-Policy",
                        "\"requests\";q=20;w=2,\"rows\";q=150;w=2,\"open-requests\";q=2;qu=\"concurrent-requests\"");
    }

    @Test
    void aTenantWithoutAQuotaGetsNoFields() {
        for (int i = 0; i < 1000; i++) {
            assertThat(fields(tenant(Optional.empty()), 1000)).isEmpty();
        }
    }

    private Map<String, String> fields(Tenant tenant, long rows) {
        return check(tenant, rows).join();
    }

    private ProblemException refused(Tenant tenant, long rows) {
        try {
            check(tenant, rows).join();
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof ProblemException refusal) {
                return refusal;
            }
        }
        throw new AssertionError("was not refused");
    }

    private CompletableFuture<Map<String, String>> check(Tenant tenant, long rows) {
        return check.check(CheckedCalls.of(tenant, rows)).toCompletableFuture();
    }

    private static Tenant tenant(Optional<Quota> quota) {
        return new Tenant("anna", 1, Optional.empty(), Set.of(Lane.values()), quota, 1);
    }
}
