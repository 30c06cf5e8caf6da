package dev.penstock.ingress.outcomes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.kafka.TopicLayout;
import dev.penstock.messages.RequestId;
import dev.penstock.protocol.Problem;
import dev.penstock.redis.GuardedRedis;
import dev.penstock.tenants.Tenant;
import dev.penstock.tenants.quota.OpenRequests;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Redis;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How long outcomes are kept, without a Redis. */
class KeptOutcomesTest {
    private static final Duration TTL = TopicLayout.REPLY_RETENTION.multipliedBy(2);
    private static final Duration TIMEOUT = Duration.ofSeconds(1);

    private final Vertx vertx = Vertx.vertx();
    private final Redis away = Redis.createClient(vertx, "redis://127.0.0.1:1");
    private final GuardedRedis guarded =
            new GuardedRedis("requests", away, Duration.ofSeconds(1), Duration.ofSeconds(1));
    private long nowMillis = 1_000_000;
    private final RequestIdIssuer ids = new RequestIdIssuer(new byte[16], () -> nowMillis);
    private CompletableFuture<Optional<StoredResult>> log = CompletableFuture.completedFuture(Optional.empty());
    private final OutcomeWatch watch = new OutcomeWatch(
            vertx,
            away,
            new OutcomeFinder(
                    new ResultStore(
                            away,
                            guarded,
                            new OpenRequests(guarded::send, () -> 1, () -> nowMillis),
                            TTL,
                            () -> nowMillis),
                    id -> log),
            new OwnPartitions(ids),
            () -> nowMillis);
    private final KeptOutcomes outcomes = new KeptOutcomes(watch, TTL, () -> nowMillis);

    @AfterEach
    void close() {
        away.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @Test
    void keepsTheOutcomeOfASynchronousCallForAsLongAsItsTopicDoes() {
        RequestId id = ids.issueToCaller(Tenant.anonymous(Optional.empty()), TIMEOUT);
        nowMillis = id.deadlineMillis() + TopicLayout.REPLY_RETENTION.toMillis();
        assertThat(poll(id)).isEmpty();
        nowMillis++;
        assertProblem(Problem.Kind.GONE, () -> poll(id));
    }

    @Test
    void keepsTheOutcomeOfAnAsynchronousRequestForItsOwnTime() {
        RequestId id = ids.issue(Tenant.anonymous(Optional.empty()), TIMEOUT);
        nowMillis = id.deadlineMillis() + TTL.toMillis();
        assertThat(poll(id)).isEmpty();
        nowMillis++;
        assertProblem(Problem.Kind.GONE, () -> poll(id));
    }

    @Test
    void doesNotSayGoneWhereNobodyCanLook() {
        RequestId id = ids.issueToCaller(Tenant.anonymous(Optional.empty()), TIMEOUT);
        log = CompletableFuture.failedFuture(new TimeoutException("Kafka is away"));
        assertProblem(Problem.Kind.UNAVAILABLE, () -> poll(id));
    }

    @Test
    void callsARequestQueuedUntilAMinuteAfterItsDeadline() {
        RequestId id = ids.issue(Tenant.anonymous(Optional.empty()), TIMEOUT);
        nowMillis = id.deadlineMillis() + Duration.ofMinutes(1).toMillis();
        assertThat(outcomes.isOverdue(id)).isFalse();
        nowMillis++;
        assertThat(outcomes.isOverdue(id)).isTrue();
    }

    private Optional<StoredResult> poll(RequestId id) {
        return outcomes.await(id, Duration.ZERO).join();
    }

    private static void assertProblem(Problem.Kind kind, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOf(CompletionException.class)
                .cause()
                .isInstanceOfSatisfying(
                        ProblemException.class,
                        failure -> assertThat(failure.problem().status())
                                .isEqualTo(Problem.of(kind, "").status()));
    }
}
