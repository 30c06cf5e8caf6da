package dev.penstock.ingress.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.ingress.call.Ids;
import dev.penstock.ingress.call.Refusal;
import dev.penstock.messages.RequestId;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Problem;
import dev.penstock.tenants.Tenant;
import dev.penstock.tenants.quota.OpenRequests;
import dev.penstock.tenants.quota.Quota;
import dev.penstock.tenants.quota.Quotas;
import io.vertx.core.Future;
import io.vertx.redis.client.Request;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** What a caller reads of a quota, here of an ingress that is alone and whose Redis is away. */
class QuotaGateTest {
    private static final Quota QUOTA = new Quota(10, 20, 100, 150);

    private static final int WAIT_SECONDS = 7;

    private final List<String> reasons = new ArrayList<>();
    private final QuotaGate gate = new QuotaGate(
            new Quotas(
                    QuotaGateTest::away,
                    new Quotas.Settings(Duration.ofMillis(500), Duration.ofSeconds(1)),
                    () -> 1,
                    () -> 0),
            new OpenRequests(QuotaGateTest::away, () -> 1, System::currentTimeMillis));
    private final Ids ids = new Ids(new byte[16]);

    @Test
    void anAnswerSaysWhatIsLeftAndOverWhichTime() {
        Response response = answered(tenant(Optional.of(QUOTA)), 40);
        assertThat(response.getStatus()).isEqualTo(200);
        assertThat(response.getHeaderString("RateLimit-Policy")).isEqualTo("\"requests\";q=20;w=2,\"rows\";q=150;w=2");
        assertThat(response.getHeaderString("RateLimit")).isEqualTo("\"requests\";r=19;t=2,\"rows\";r=110;t=2");
    }

    @Test
    void aRefusalSaysWhichPolicyIsUsedUpAndWhenToComeBack() {
        answered(tenant(Optional.of(QUOTA)), 150);
        Refusal refusal = refused(tenant(Optional.of(QUOTA)), 120);
        assertThat(refusal.problem().is(Problem.Kind.QUOTA)).isTrue();
        assertThat(new String(refusal.problem().toJson(), StandardCharsets.UTF_8))
                .contains("\"violated-policies\":[\"rows\"]");
        assertThat(refusal.retryAfterSeconds()).hasValue(2);
        assertThat(refusal.headers())
                .containsEntry("RateLimit", "\"rows\";r=0;t=2")
                .containsEntry("RateLimit-Policy", "\"requests\";q=20;w=2,\"rows\";q=150;w=2");
        assertThat(reasons).containsExactly("quota-rows");
    }

    @Test
    void moreRowsThanTheBucketHoldsAreRefusedForGood() {
        Refusal refusal = refused(tenant(Optional.of(QUOTA)), 151);
        assertThat(refusal.problem().is(Problem.Kind.PAYLOAD_TOO_LARGE)).isTrue();
        assertThat(refusal.problem().detail()).contains("151").contains("150");
        assertThat(refusal.retryAfterSeconds()).isEmpty();
    }

    @Test
    void asManyRequestsWaitForTheirOutcomeAsMay() {
        Tenant anna = tenant(Optional.of(new Quota(10, 20, 100, 150, OptionalInt.of(2))));
        assertThat(answered(anna, 1).getHeaderString("RateLimit-Policy"))
                .isEqualTo("\"requests\";q=20;w=2,\"rows\";q=150;w=2,\"open-requests\";q=2;qu=\"concurrent-requests\"");
        RequestId first = ids.issue(anna, Duration.ofMinutes(10));
        assertThat(placeOf(anna, first)).isEmpty();
        assertThat(placeOf(anna, ids.issue(anna, Duration.ofMinutes(10)))).isEmpty();
        Refusal refusal = placeOf(anna, ids.issue(anna, Duration.ofMinutes(10))).orElseThrow();
        assertThat(refusal.problem().is(Problem.Kind.QUOTA)).isTrue();
        assertThat(new String(refusal.problem().toJson(), StandardCharsets.UTF_8))
                .contains("\"violated-policies\":[\"open-requests\"]");
        assertThat(refusal.retryAfterSeconds()).hasValue(WAIT_SECONDS);
        assertThat(refusal.headers()).containsEntry("RateLimit", "\"open-requests\";r=0;t=7");
        assertThat(reasons).containsExactly("quota-open-requests");
        gate.leave(first);
        assertThat(placeOf(anna, ids.issue(anna, Duration.ofMinutes(10)))).isEmpty();
    }

    @Test
    void aPlaceIsFreeWhenTheFirstDeadlineFreesItAtTheLatest() {
        Tenant anna = tenant(Optional.of(new Quota(10, 20, 100, 150, OptionalInt.of(1))));
        assertThat(placeOf(anna, ids.issue(anna, Duration.ofSeconds(5)))).isEmpty();
        assertThat(placeOf(anna, ids.issue(anna, Duration.ofMinutes(10)))
                        .orElseThrow()
                        .retryAfterSeconds()
                        .orElseThrow())
                .isBetween(1, 5);
    }

    @Test
    void aTenantWithoutALimitNeedsNoPlace() {
        Tenant anna = tenant(Optional.of(QUOTA));
        for (int i = 0; i < 1000; i++) {
            assertThat(placeOf(anna, ids.issue(anna, Duration.ofMinutes(10)))).isEmpty();
        }
    }

    @Test
    void aTenantWithoutAQuotaHearsOfNone() {
        for (int i = 0; i < 1000; i++) {
            assertThat(answered(tenant(Optional.empty()), 1000).getHeaderString("RateLimit"))
                    .isNull();
        }
    }

    /** Empty when it has one. */
    private Optional<Refusal> placeOf(Tenant tenant, RequestId id) {
        CompletableFuture<Optional<Refusal>> answer = new CompletableFuture<>();
        gate.takePlace(
                tenant,
                id,
                () -> Duration.ofSeconds(WAIT_SECONDS).toNanos(),
                reasons::add,
                () -> answer.complete(Optional.empty()),
                refusal -> answer.complete(Optional.of(refusal)));
        return answer.join();
    }

    private Response answered(Tenant tenant, long rows) {
        return call(tenant, rows).join();
    }

    private Refusal refused(Tenant tenant, long rows) {
        try {
            call(tenant, rows).join();
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof Refusal refusal) {
                return refusal;
            }
        }
        throw new AssertionError("was not refused");
    }

    private CompletableFuture<Response> call(Tenant tenant, long rows) {
        return gate.within(
                        tenant,
                        rows,
                        reasons::add,
                        () -> CompletableFuture.completedFuture(
                                Response.ok(new byte[] {1}).build()))
                .toCompletableFuture();
    }

    private static Future<io.vertx.redis.client.Response> away(Request request) {
        return Future.failedFuture(new IOException("away"));
    }

    private static Tenant tenant(Optional<Quota> quota) {
        return new Tenant("anna", 1, Optional.empty(), Set.of(Lane.values()), quota, 1);
    }
}
