package dev.penstock.ingress.outcomes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.local.RedisUnderTest;
import dev.penstock.messages.RequestId;
import dev.penstock.redis.GuardedRedis;
import dev.penstock.tenants.Tenant;
import dev.penstock.tenants.quota.OpenRequests;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Polls while Redis fails. */
class GuardedRedisTest {
    private static final Duration TIMEOUT = Duration.ofMillis(200);
    private static final Duration OPEN_FOR = Duration.ofSeconds(1);

    private final RedisUnderTest redis = new RedisUnderTest();
    private final MeterRegistry meters = new SimpleMeterRegistry();
    private final GuardedRedis guarded = new GuardedRedis("requests", redis.client(), TIMEOUT, OPEN_FOR, meters);
    private final RequestIdIssuer ids = new RequestIdIssuer(new byte[16], System::currentTimeMillis);
    private final RequestId id = ids.issue(Tenant.anonymous(Optional.empty()), Duration.ofSeconds(30));
    private final ResultStore results = new ResultStore(
            redis.client(),
            guarded,
            new OpenRequests(guarded::send, () -> 1, System::currentTimeMillis),
            Duration.ofHours(1),
            System::currentTimeMillis);

    @AfterEach
    void close() {
        redis.close();
    }

    @Test
    void failsFastWhileRedisDoesNotAnswerAndRecoversWhenItDoes() throws Exception {
        redis.freeze();
        try {
            assertThatPollsSoonFailFast();
        } finally {
            redis.goOn();
        }
        await().atMost(Duration.ofSeconds(90)).until(() -> find().isEmpty());
        assertThat(calls("failed")).isGreaterThanOrEqualTo(110);
        assertThat(calls("ok")).isPositive();
    }

    @Test
    void failsFastWhileRedisIsStopped() {
        redis.stop();
        assertThatPollsSoonFailFast();
    }

    private void assertThatPollsSoonFailFast() {
        long slowest = 0;
        for (int i = 0; i < 10; i++) {
            slowest = Math.max(slowest, millisToFail());
        }
        assertThat(slowest).isLessThan(TIMEOUT.toMillis() * 5);
        long start = System.nanoTime();
        for (int i = 0; i < 100; i++) {
            millisToFail();
        }
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(OPEN_FOR);
    }

    private long calls(String result) {
        return meters.get("inference.redis.call").tag("result", result).timer().count();
    }

    private long millisToFail() {
        long start = System.nanoTime();
        assertThat(find()).contains("failed");
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    }

    /** Empty when Redis answered that there is no outcome. */
    private Optional<String> find() {
        CompletableFuture<Optional<String>> done = new CompletableFuture<>();
        results.look(id)
                .onComplete(found -> done.complete(found.succeeded() ? Optional.empty() : Optional.of("failed")));
        return done.join();
    }
}
