package dev.penstock.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.local.RedisUnderTest;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class RedisWatchTest {
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

    /** A Redis that hangs takes connections, and a stopped one does not. */
    @Test
    void seesThatRedisHangsOrHasGoneAndThatItIsBack() {
        Vertx vertx = Vertx.vertx();
        try (RedisUnderTest redis = new RedisUnderTest();
                RedisWatch watch = new RedisWatch(redis.client(), vertx, registry)) {
            assertThat(watch).isNotNull();
            awaitUp(1);
            redis.freeze();
            awaitUp(0);
            redis.goOn();
            awaitUp(1);
            redis.kill();
            awaitUp(0);
            redis.startAgain();
            awaitUp(1);
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().join();
        }
    }

    private void awaitUp(double value) {
        await().atMost(Duration.ofSeconds(60))
                .until(() -> registry.get("inference.redis.up").gauge().value() == value);
    }
}
