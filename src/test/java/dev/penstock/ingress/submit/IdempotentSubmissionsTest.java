package dev.penstock.ingress.submit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.ingress.call.CheckedCall;
import dev.penstock.ingress.call.CheckedCalls;
import dev.penstock.ingress.call.IdempotencyKey;
import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.ingress.outcomes.OutcomeFinder;
import dev.penstock.ingress.outcomes.ResultStore;
import dev.penstock.local.EmbeddedRedis;
import dev.penstock.messages.RequestId;
import dev.penstock.protocol.Problem;
import dev.penstock.redis.GuardedRedis;
import dev.penstock.tenants.Tenant;
import dev.penstock.tenants.quota.OpenRequests;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Submissions with a real Redis and a fake Kafka. */
class IdempotentSubmissionsTest {
    private static final CheckedCall CALL = CheckedCalls.of(Tenant.anonymous(Optional.empty()), 1);
    private static final IdempotencyKey KEY = new IdempotencyKey("0:key", "request");

    private final Vertx vertx = Vertx.vertx();
    private final EmbeddedRedis server = EmbeddedRedis.start();
    private final Redis redis = Redis.createClient(vertx, new RedisOptions().setConnectionString(server.url()));
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final List<String> published = new ArrayList<>();
    private Optional<ProblemException> trouble = Optional.empty();
    private boolean admits = true;

    @BeforeEach
    void connect() {
        await().ignoreExceptions()
                .until(() -> redis.send(Request.cmd(Command.PING))
                                .toCompletionStage()
                                .toCompletableFuture()
                                .join()
                        != null);
    }

    @AfterEach
    void close() {
        redis.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
        server.close();
    }

    @Test
    void isTheSameRequestAtEveryIngress() {
        RequestId first = submit(ingress());
        assertThat(submit(ingress())).isEqualTo(first);
        assertThat(published).containsExactly(first.toString());
    }

    @Test
    void publishesTheSameIdAgainWhenTheFirstPublicationIsInDoubt() {
        IdempotentSubmissions ingress = ingress();
        trouble = Optional.of(RequestPublisher.inDoubt());
        assertThat(refusal(ingress).problem().detail()).contains("may or may not run", "same Idempotency-Key");
        trouble = Optional.empty();
        RequestId id = submit(ingress);
        assertThat(published).containsExactly(id.toString(), id.toString());
        assertThat(meters.get("inference.idempotent.republished").counter().count())
                .isEqualTo(1);
    }

    @Test
    void freesTheKeyWhenKafkaDidNotTakeTheRequest() {
        IdempotentSubmissions ingress = ingress();
        trouble = Optional.of(RequestPublisher.notSent());
        assertThat(refusal(ingress).problem().is(Problem.Kind.UNAVAILABLE)).isTrue();
        trouble = Optional.empty();
        submit(ingress);
        assertThat(published).hasSize(2).doesNotHaveDuplicates();
    }

    @Test
    void freesTheKeyWhenTheRequestWasNotAdmitted() {
        IdempotentSubmissions ingress = ingress();
        admits = false;
        assertThat(refusal(ingress).problem().is(Problem.Kind.CAPACITY)).isTrue();
        admits = true;
        RequestId id = submit(ingress);
        assertThat(published).containsExactly(id.toString());
    }

    @Test
    void publishesNothingWhileRedisIsDown() {
        IdempotentSubmissions ingress = ingress();
        server.close();
        ProblemException refusal = refusal(ingress);
        assertThat(refusal.problem().status()).isEqualTo(503);
        assertThat(refusal.retryAfterSeconds()).hasValue(2);
        assertThat(published).isEmpty();
    }

    private IdempotentSubmissions ingress() {
        GuardedRedis guarded = new GuardedRedis("requests", redis, Duration.ofSeconds(2), Duration.ofSeconds(1));
        RequestIdIssuer ids = new RequestIdIssuer(new byte[16], System::currentTimeMillis);
        OpenRequests open = new OpenRequests(guarded::send, () -> 1, System::currentTimeMillis);
        ResultStore results = new ResultStore(redis, guarded, open, Duration.ofHours(1), System::currentTimeMillis);
        IdempotencyClaims claims = new IdempotencyClaims(guarded, Duration.ofHours(1));
        OutcomeFinder outcomes = new OutcomeFinder(results, id -> CompletableFuture.completedFuture(Optional.empty()));
        return new IdempotentSubmissions(
                claims, ids, outcomes, this::publish, vertx, System::currentTimeMillis, meters);
    }

    private CompletionStage<RequestId> publish(CheckedCall call, RequestId id) {
        if (!admits) {
            return CompletableFuture.failedStage(
                    new ProblemException(Problem.of(Problem.Kind.CAPACITY, "too much"), 1));
        }
        published.add(id.toString());
        return trouble.map(CompletableFuture::<RequestId>failedStage)
                .orElseGet(() -> CompletableFuture.completedStage(id));
    }

    private static RequestId submit(IdempotentSubmissions ingress) {
        return ingress.submit(CALL, KEY).toCompletableFuture().join();
    }

    private static ProblemException refusal(IdempotentSubmissions ingress) {
        Throwable failure = ingress.submit(CALL, KEY)
                .toCompletableFuture()
                .handle((id, refused) -> refused)
                .join();
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        assertThat(cause).isInstanceOf(ProblemException.class);
        return (ProblemException) Objects.requireNonNull(cause);
    }
}
