package dev.penstock.tenants.quota;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.local.RedisUnderTest;
import io.vertx.core.Future;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Several ingresses over one real Redis, including real faults. */
class QuotasTest {
    private static final Duration TIMEOUT = Duration.ofMillis(200);
    private static final Quotas.Settings SETTINGS = Quotas.Settings.of(TIMEOUT, Duration.ofMillis(300));
    private static final Quota QUOTA = new Quota(100, 200, 1000, 2000);
    private static final int INGRESSES = 2;

    private final RedisUnderTest redis = new RedisUnderTest();
    private final AtomicLong asked = new AtomicLong();
    private final List<Quotas> ingresses = IntStream.range(0, INGRESSES)
            .mapToObj(i -> new Quotas(this::counted, SETTINGS, () -> INGRESSES, System::nanoTime))
            .toList();

    @AfterEach
    void close() {
        redis.close();
    }

    @Test
    void ingressesTogetherAdmitTheBurstAndTheRateOnly() {
        long start = System.nanoTime();
        long admitted = 0;
        long calls = 0;
        for (; seconds(start) < 3; calls++) {
            admitted += isAdmitted(calls, 1) ? 1 : 0;
        }
        double elapsed = seconds(start);
        assertThat(calls).as("calls, far more than the quota").isGreaterThan(2000);
        assertThat(admitted).isLessThanOrEqualTo((long) Math.ceil(200 + 100 * elapsed));
        // Leased tokens that are unused at the end amount to less than one lease time of refill.
        assertThat(admitted).isGreaterThanOrEqualTo((long) (200 + 100 * elapsed - 100 * 0.5));
    }

    @Test
    void oneIngressAloneMayUseTheWholeQuota() {
        long admitted = IntStream.range(0, 400).filter(i -> isAdmitted(0, 1)).count();
        assertThat(admitted).isBetween(200L, 300L);
    }

    @Test
    void countsRowsToo() {
        Quota rows = new Quota(1000, 1000, 10, 100);
        assertThat(decided(ingresses.get(0).decide("rows", rows, 90))).isInstanceOf(QuotaDecision.Admitted.class);
        QuotaDecision second = decided(ingresses.get(1).decide("rows", rows, 90));
        assertThat(second).isInstanceOfSatisfying(QuotaDecision.Exceeded.class, refused -> {
            assertThat(refused.limit()).isEqualTo(QuotaLimit.ROWS);
            assertThat(refused.retryAfterSeconds()).isBetween(7, 9);
        });
        assertThat(decided(ingresses.get(1).decide("rows", rows, 5))).isInstanceOf(QuotaDecision.Admitted.class);
        assertThat(decided(ingresses.get(1).decide("rows", rows, 101))).isEqualTo(new QuotaDecision.TooManyRows(100));
    }

    @Test
    void knowsThatTheRequestQuotaIsUsedUpBeforeReadingRows() {
        Quotas ingress = ingresses.get(0);
        Quota slow = new Quota(0.1, 3, 1000, 2000);
        assertThat(ingress.usedUp("slow", slow)).as("before the first call").isEmpty();
        for (int i = 0; i < 3; i++) {
            assertThat(decided(ingress.decide("slow", slow, 1))).isInstanceOf(QuotaDecision.Admitted.class);
        }
        assertThat(decided(ingress.decide("slow", slow, 1))).isInstanceOf(QuotaDecision.Exceeded.class);
        long before = asked.get();
        assertThat(ingress.usedUp("slow", slow)).hasValueSatisfying(refused -> {
            assertThat(refused.limit()).isEqualTo(QuotaLimit.REQUESTS);
            assertThat(refused.retryAfterSeconds()).isBetween(10, 30);
        });
        assertThat(asked.get()).isEqualTo(before);
        assertThat(ingress.usedUp("slow", new Quota(1, 3, 1000, 2000)))
                .as("after the quota changed")
                .isEmpty();
    }

    @Test
    void usedUpRowsDoNotRefuseAnUnreadRequest() {
        Quota rows = new Quota(1000, 1000, 1, 100);
        Quotas ingress = ingresses.get(0);
        assertThat(decided(ingress.decide("rows", rows, 100))).isInstanceOf(QuotaDecision.Admitted.class);
        assertThat(decided(ingress.decide("rows", rows, 50))).isInstanceOf(QuotaDecision.Exceeded.class);
        assertThat(ingress.usedUp("rows", rows)).isEmpty();
    }

    @Test
    void checkingForAUsedUpQuotaTakesNoTokensWhileRedisIsUnavailable() {
        redis.stop();
        Quotas ingress = ingresses.get(0);
        decided(ingress.decide("tenant", QUOTA, 1));
        for (int i = 0; i < 1000; i++) {
            assertThat(ingress.usedUp("tenant", QUOTA)).isEmpty();
        }
        Quota slow = new Quota(0.1, 4, 1000, 2000);
        for (int i = 0; i < 2; i++) {
            assertThat(decided(ingress.decide("slow", slow, 1))).isInstanceOf(QuotaDecision.Admitted.class);
        }
        assertThat(ingress.usedUp("slow", slow)).isPresent();
    }

    @Test
    void tenantsHaveSeparateQuotas() {
        IntStream.range(0, 400).forEach(i -> isAdmitted(i, 1));
        assertThat(decided(ingresses.get(0).decide("other", QUOTA, 1))).isInstanceOf(QuotaDecision.Admitted.class);
    }

    @Test
    void fewRequestsWaitForRedis() {
        Quota wide = new Quota(1e6, 1_000_000, 1e6, 1_000_000);
        long admitted = IntStream.range(0, 50_000)
                .filter(i -> decided(ingresses.get(0).decide("busy", wide, 1)) instanceof QuotaDecision.Admitted)
                .count();
        assertThat(admitted).isEqualTo(50_000);
        assertThat(asked.get()).isLessThan(1000);
    }

    @Test
    void fewCallsOfATenantThatCallsSeldomAskRedis() {
        AtomicLong nanos = new AtomicLong();
        Quotas ingress = new Quotas(this::counted, SETTINGS, () -> 1, nanos::get);
        for (int i = 0; i < 60; i++) {
            nanos.addAndGet(Duration.ofSeconds(2).toNanos());
            assertThat(decided(ingress.decide("seldom", QUOTA, 3))).isInstanceOf(QuotaDecision.Admitted.class);
        }
        assertThat(asked.get()).isLessThan(15);
    }

    @Test
    void aTenantThatIsAllowedLittleLeasesNothingAhead() {
        Quota little = new Quota(1, 20, 1, 20);
        AtomicLong nanos = new AtomicLong();
        Quotas ingress = new Quotas(this::counted, SETTINGS, () -> 1, nanos::get);
        for (int i = 0; i < 5; i++) {
            nanos.addAndGet(Duration.ofSeconds(2).toNanos());
            assertThat(decided(ingress.decide("little", little, 1))).isInstanceOf(QuotaDecision.Admitted.class);
        }
        assertThat(asked.get()).isEqualTo(5);
    }

    @Test
    void reportsTheRemainingQuota() {
        QuotaDecision first = decided(ingresses.get(0).decide("left", QUOTA, 500));
        assertThat(first).isInstanceOfSatisfying(QuotaDecision.Admitted.class, admitted -> {
            assertThat(admitted.left().requests()).isBetween(198L, 199L);
            assertThat(admitted.left().rows()).isBetween(1490L, 1510L);
        });
    }

    @Test
    void eachIngressEnforcesItsShareWhileRedisIsFrozen() throws Exception {
        drain();
        redis.freeze();
        try {
            assertThatEachEnforcesItsShare();
        } finally {
            redis.goOn();
        }
        awaitShared();
    }

    @Test
    void eachIngressEnforcesItsShareWhileRedisIsStopped() {
        drain();
        redis.stop();
        assertThatEachEnforcesItsShare();
        redis.startAgain();
        awaitShared();
    }

    @Test
    void aFlushGrantsOneMoreBurst() {
        long start = System.nanoTime();
        long before = IntStream.range(0, 1000).filter(i -> isAdmitted(i, 1)).count();
        redis.flush();
        long after = IntStream.range(0, 3000).filter(i -> isAdmitted(i, 1)).count();
        assertThat(before + after).isLessThanOrEqualTo((long) Math.ceil(2 * 200 + 100 * seconds(start)));
    }

    private void drain() {
        for (long i = 0; isAdmitted(i, 1) || isAdmitted(i + 1, 1); i++) {}
    }

    /** Each ingress admits half the burst at once, and half the rate from then on. One call per ingress waits for the timeout. */
    private void assertThatEachEnforcesItsShare() {
        isAdmitted(0, 1);
        isAdmitted(1, 1);
        long start = System.nanoTime();
        long waited = 0;
        long admitted = 0;
        while (seconds(start) < 2) {
            for (Quotas ingress : ingresses) {
                CompletionStage<QuotaDecision> decision = ingress.decide("tenant", QUOTA, 1);
                waited += decision.toCompletableFuture().isDone() ? 0 : 1;
                admitted += decided(decision) instanceof QuotaDecision.Admitted ? 1 : 0;
            }
        }
        assertThat(admitted).isBetween(200L, (long) Math.ceil(200 + 100 * seconds(start)));
        assertThat(waited).as("calls that waited").isLessThanOrEqualTo(INGRESSES);
    }

    /** An ingress that admits more than its own share uses tokens that the other leaves. */
    private void awaitShared() {
        drain();
        await().atMost(Duration.ofSeconds(90)).until(() -> {
            long start = System.nanoTime();
            long admitted = 0;
            while (seconds(start) < 0.5) {
                admitted += isAdmitted(0, 1) ? 1 : 0;
            }
            return admitted > 0.8 * 100 * seconds(start);
        });
    }

    private boolean isAdmitted(long call, long rows) {
        Quotas ingress = ingresses.get((int) (call % INGRESSES));
        return decided(ingress.decide("tenant", QUOTA, rows)) instanceof QuotaDecision.Admitted;
    }

    private static QuotaDecision decided(CompletionStage<QuotaDecision> decision) {
        return decision.toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    private Future<Response> counted(Request request) {
        asked.incrementAndGet();
        CompletableFuture<Response> answer =
                redis.client().send(request).toCompletionStage().toCompletableFuture();
        return Future.fromCompletionStage(answer.orTimeout(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS));
    }
}
