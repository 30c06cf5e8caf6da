package dev.penstock.ingress.outcomes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.local.RedisUnderTest;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.Reply;
import dev.penstock.messages.Timings;
import dev.penstock.redis.GuardedRedis;
import dev.penstock.tenants.quota.OpenRequests;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Long polls while Redis fails. */
class OutcomeWatchTest {
    private static final String ID = "id";

    private final Vertx vertx = Vertx.vertx();
    private final RedisUnderTest redis = new RedisUnderTest();
    private final GuardedRedis guarded =
            new GuardedRedis("requests", redis.client(), Duration.ofMillis(200), Duration.ofMillis(500));
    private final ResultStore results = new ResultStore(
            redis.client(),
            guarded,
            new RequestIdIssuer(new byte[16], System::currentTimeMillis),
            new OpenRequests(guarded::send, () -> 1, System::currentTimeMillis),
            Duration.ofHours(1),
            System::currentTimeMillis);
    private final OutcomeWatch watch = new OutcomeWatch(vertx, redis.client(), results);

    @AfterEach
    void close() {
        redis.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @Test
    void keepsWaitingWhileRedisIsDown() throws Exception {
        redis.freeze();
        CompletableFuture<Optional<StoredResult>> outcome;
        try {
            outcome = watch.await(ID, Duration.ofSeconds(30));
            assertThat(find()).as("Redis is down").isCompletedExceptionally();
        } finally {
            redis.goOn();
        }
        assertThat(outcome).isNotDone();
        Reply reply = new Reply(ID, "digits", "1", new Outcome.Cancelled(), Timings.NONE);
        results.store(List.of(reply)).toCompletionStage().toCompletableFuture().join();
        assertThat(outcome)
                .succeedsWithin(Duration.ofSeconds(10))
                .satisfies(found -> assertThat(found.map(StoredResult::reply)).contains(reply));
    }

    @Test
    void failsAtTheEndOfTheWaitIfRedisIsDown() {
        redis.stop();
        CompletableFuture<Optional<StoredResult>> outcome = watch.await(ID, Duration.ofMillis(300));
        assertThat(outcome).failsWithin(Duration.ofSeconds(10));
    }

    private CompletableFuture<Optional<StoredResult>> find() {
        CompletableFuture<Optional<StoredResult>> found =
                results.find(ID).toCompletionStage().toCompletableFuture();
        found.handle((result, failure) -> failure).join();
        return found;
    }
}
