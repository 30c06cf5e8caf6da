package dev.penstock.ingress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.local.EmbeddedRedis;
import dev.penstock.local.RedisSignals;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisOptions;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Polls of a Redis in trouble. */
class GuardedRedisTest {
    private static final Duration TIMEOUT = Duration.ofMillis(200);
    private static final Duration OPEN_FOR = Duration.ofSeconds(1);

    private final Vertx vertx = Vertx.vertx();
    private final EmbeddedRedis server = EmbeddedRedis.start();
    private final Redis redis = Redis.createClient(
            vertx,
            new RedisOptions()
                    .setConnectionString(server.url())
                    .setMaxPoolSize(16)
                    .setMaxPoolWaiting(1000));
    private final ResultStore results = new ResultStore(
            redis, new GuardedRedis(redis, TIMEOUT, OPEN_FOR), new Ids(new byte[16]), Duration.ofHours(1));

    /** The very first connection may take longer than a poll may. */
    @BeforeEach
    void connect() {
        await().until(() -> find().isEmpty());
    }

    @AfterEach
    void close() {
        redis.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
        server.close();
    }

    @Test
    void costsNothingWhileRedisDoesNotAnswerAndGoesOnWhenItDoes() throws Exception {
        RedisSignals.freeze(server);
        try {
            assertThatPollsSoonCostNothing();
        } finally {
            RedisSignals.goOn(server);
        }
        await().atMost(Duration.ofSeconds(10)).until(() -> find().isEmpty());
    }

    @Test
    void costsNothingWhileRedisIsStopped() {
        server.close();
        assertThatPollsSoonCostNothing();
    }

    private void assertThatPollsSoonCostNothing() {
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

    private long millisToFail() {
        long start = System.nanoTime();
        assertThat(find()).contains("failed");
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    }

    /** Nothing when Redis has said that there is nothing. */
    private Optional<String> find() {
        CompletableFuture<Optional<String>> done = new CompletableFuture<>();
        results.find("id")
                .onComplete(found -> done.complete(found.succeeded() ? Optional.empty() : Optional.of("failed")));
        return done.join();
    }
}
