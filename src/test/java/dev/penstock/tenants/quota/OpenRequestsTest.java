package dev.penstock.tenants.quota;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.local.RedisUnderTest;
import dev.penstock.messages.RequestId;
import dev.penstock.messages.RequestIds;
import io.vertx.core.Future;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Several ingresses over one real Redis, including real faults. */
class OpenRequestsTest {
    private static final int MOST = 6;
    private static final int INGRESSES = 2;
    private static final int ANNA = 1;
    private static final int BERT = 2;
    private static final long TEN_MINUTES = Duration.ofMinutes(10).toMillis();

    private final RedisUnderTest redis = new RedisUnderTest();
    private final RequestIds signed = new RequestIds(new byte[16]);
    private final AtomicInteger sequence = new AtomicInteger();
    private final AtomicLong now = new AtomicLong(System.currentTimeMillis());
    private final List<OpenRequests> ingresses = IntStream.range(0, INGRESSES)
            .mapToObj(i -> new OpenRequests(this::inTime, () -> INGRESSES, now::get))
            .toList();

    @AfterEach
    void close() {
        redis.close();
    }

    @Test
    void ingressesTogetherAdmitUpToTheLimit() {
        fill(ANNA);
        for (OpenRequests ingress : ingresses) {
            assertThat(take(ingress, id(ANNA, TEN_MINUTES)).orElseThrow()).isBetween(1L, TEN_MINUTES);
            assertThat(take(ingress, id(BERT, TEN_MINUTES)))
                    .as("another tenant")
                    .isEmpty();
        }
    }

    @Test
    void anOutcomeFreesThePlaceWhicheverIngressStoresIt() {
        RequestId done = fill(ANNA).getFirst();
        redis.send(ingresses.get(1).settled(done));
        assertThat(take(ingresses.get(0), id(ANNA, TEN_MINUTES))).isEmpty();
        assertThat(take(ingresses.get(0), id(ANNA, TEN_MINUTES))).isPresent();
    }

    @Test
    void aRequestThatIsNotAcceptedFreesItsPlace() {
        RequestId refused = fill(ANNA).getFirst();
        ingresses.get(0).leave(refused);
        await().until(() -> take(ingresses.get(0), id(ANNA, TEN_MINUTES)).isEmpty());
    }

    @Test
    void aRepeatedRequestKeepsItsPlace() {
        RequestId known = fill(ANNA).getFirst();
        for (OpenRequests ingress : ingresses) {
            assertThat(take(ingress, known)).isEmpty();
        }
        assertThat(take(ingresses.get(0), id(ANNA, TEN_MINUTES))).isPresent();
    }

    @Test
    void aRequestPastItsDeadlineNoLongerCounts() {
        for (int i = 0; i < MOST; i++) {
            assertThat(take(ingresses.get(0), id(ANNA, 200))).isEmpty();
        }
        await().until(() -> take(ingresses.get(1), id(ANNA, TEN_MINUTES)).isEmpty());
    }

    @Test
    void redisDropsATenantAfterItsLastDeadline() {
        take(ingresses.get(0), id(ANNA, 1500));
        take(ingresses.get(0), id(ANNA, 500));
        assertThat(keys()).isEqualTo(1);
        await().until(() -> keys() == 0);
    }

    @Test
    void eachIngressEnforcesItsShareWhileRedisIsUnavailable() {
        fill(ANNA);
        redis.stop();
        for (OpenRequests ingress : ingresses) {
            List<RequestId> own = new ArrayList<>();
            for (int i = 0; i < MOST / INGRESSES; i++) {
                own.add(id(ANNA, TEN_MINUTES));
                assertThat(take(ingress, own.getLast())).isEmpty();
            }
            assertThat(take(ingress, id(ANNA, TEN_MINUTES)).orElseThrow()).isEqualTo(TEN_MINUTES);
            assertThat(take(ingress, own.getFirst())).as("a repeated request").isEmpty();
            ingress.leave(own.getFirst());
            assertThat(take(ingress, id(ANNA, TEN_MINUTES))).isEmpty();
            assertThat(take(ingress, id(ANNA, TEN_MINUTES))).isPresent();
        }
        now.addAndGet(TEN_MINUTES);
        assertThat(take(ingresses.get(0), id(ANNA, TEN_MINUTES)))
                .as("places past their deadlines")
                .isEmpty();
        redis.startAgain();
        await().ignoreExceptions().until(() -> redis.send(Request.cmd(Command.PING)) != null);
        fill(ANNA);
        assertThat(take(ingresses.get(0), id(ANNA, TEN_MINUTES))).isPresent();
    }

    private List<RequestId> fill(int tenant) {
        List<RequestId> taken = new ArrayList<>();
        for (int i = 0; i < MOST; i++) {
            taken.add(id(tenant, TEN_MINUTES));
            assertThat(take(ingresses.get(i % INGRESSES), taken.getLast())).isEmpty();
        }
        return taken;
    }

    private RequestId id(int tenant, long timeoutMillis) {
        return signed.issue(now.get(), timeoutMillis, tenant, 1, sequence.getAndIncrement());
    }

    private int keys() {
        return redis.send(Request.cmd(Command.KEYS).arg("penstock:open:*")).size();
    }

    private static OptionalLong take(OpenRequests ingress, RequestId id) {
        return ingress.take(id, MOST)
                .toCompletableFuture()
                .orTimeout(30, TimeUnit.SECONDS)
                .join();
    }

    private Future<Response> inTime(Request request) {
        return Future.fromCompletionStage(redis.client()
                .send(request)
                .toCompletionStage()
                .toCompletableFuture()
                .orTimeout(2, TimeUnit.SECONDS));
    }
}
