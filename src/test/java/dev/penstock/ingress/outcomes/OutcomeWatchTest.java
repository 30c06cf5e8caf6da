package dev.penstock.ingress.outcomes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.kafka.IndexPosition;
import dev.penstock.kafka.TopicIndexer;
import dev.penstock.local.RedisUnderTest;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.Reply;
import dev.penstock.messages.RequestId;
import dev.penstock.messages.Timings;
import dev.penstock.redis.GuardedRedis;
import dev.penstock.tenants.Tenant;
import dev.penstock.tenants.quota.OpenRequests;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Long polls while Redis fails. */
class OutcomeWatchTest {
    private final Vertx vertx = Vertx.vertx();
    private final RedisUnderTest redis = new RedisUnderTest();
    private final GuardedRedis guarded =
            new GuardedRedis("requests", redis.client(), Duration.ofMillis(200), Duration.ofMillis(500));
    private final RequestIdIssuer ids = new RequestIdIssuer(new byte[16], System::currentTimeMillis);
    private final RequestId id = ids.issue(Tenant.anonymous(Optional.empty()), Duration.ofSeconds(30));
    private final ResultStore results = new ResultStore(
            redis.client(),
            guarded,
            ids,
            new OpenRequests(guarded::send, () -> 1, System::currentTimeMillis),
            Duration.ofHours(1),
            System::currentTimeMillis);
    private final OutcomeFinder finder = new OutcomeFinder(
            results, sought -> CompletableFuture.failedFuture(new TimeoutException("Kafka is away too")));
    private final OutcomeWatch watch = new OutcomeWatch(vertx, redis.client(), finder);

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
            outcome = watch.await(id, Duration.ofSeconds(30));
            assertThat(find()).as("Redis is down").isCompletedExceptionally();
        } finally {
            redis.goOn();
        }
        assertThat(outcome).isNotDone();
        Reply reply = new Reply(id.toString(), "digits", "1", new Outcome.Cancelled(), Timings.NONE);
        TopicIndexer.Step step =
                new TopicIndexer.Step(0, 1, Optional.empty(), new IndexPosition(1, 0, 0, 0), List.of());
        results.store(List.of(new ResultStore.Results(step, List.of(new StoredResult(Instant.EPOCH, reply)))))
                .toCompletionStage()
                .toCompletableFuture()
                .join();
        assertThat(outcome)
                .succeedsWithin(Duration.ofSeconds(10))
                .satisfies(found -> assertThat(found.map(StoredResult::reply)).contains(reply));
    }

    @Test
    void failsAtTheEndOfTheWaitIfRedisAndKafkaAreDown() {
        redis.stop();
        CompletableFuture<Optional<StoredResult>> outcome = watch.await(id, Duration.ofMillis(300));
        assertThat(outcome).failsWithin(Duration.ofSeconds(10));
    }

    private CompletableFuture<Optional<StoredResult>> find() {
        CompletableFuture<Optional<StoredResult>> found = finder.find(id);
        found.handle((result, failure) -> failure).join();
        return found;
    }
}
