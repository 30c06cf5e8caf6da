package dev.penstock.redis;

import static java.time.temporal.ChronoUnit.MILLIS;

import io.smallrye.faulttolerance.api.Guard;
import io.vertx.core.Future;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import jakarta.enterprise.util.TypeLiteral;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Redis for those who have a caller waiting: every round trip is bounded, and once Redis is known to be away none is tried, so that it
 * costs them nothing. Thread-safe.
 */
public final class GuardedRedis {
    /** Calls that the circuit breaker judges by; it opens when half of them failed. */
    private static final int JUDGED = 10;

    private final Redis redis;
    private final Guard guard;

    /**
     * @param what is kept there, for the names of metrics
     * @param openFor how long Redis is left alone before one call tries it again
     */
    public GuardedRedis(String what, Redis redis, Duration timeout, Duration openFor) {
        this.redis = redis;
        this.guard = Guard.create()
                .withDescription(what + " in Redis")
                .withTimeout()
                .duration(timeout.toMillis(), MILLIS)
                .done()
                .withCircuitBreaker()
                .requestVolumeThreshold(JUDGED)
                .failureRatio(0.5)
                .delay(openFor.toMillis(), MILLIS)
                .successThreshold(1)
                .done()
                .build();
    }

    public Future<Response> send(Request request) {
        return Future.fromCompletionStage(guard.get(
                () -> redis.send(request).toCompletionStage(), new TypeLiteral<CompletionStage<Response>>() {}));
    }

    /** All in one round trip; fails when one of them does. */
    public Future<List<Response>> batch(List<Request> requests) {
        return Future.fromCompletionStage(guard.get(
                () -> redis.batch(requests).toCompletionStage(),
                new TypeLiteral<CompletionStage<List<Response>>>() {}));
    }
}
