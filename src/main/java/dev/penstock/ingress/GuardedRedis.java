package dev.penstock.ingress;

import static java.time.temporal.ChronoUnit.MILLIS;

import io.smallrye.faulttolerance.api.TypedGuard;
import io.vertx.core.Future;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import jakarta.enterprise.util.TypeLiteral;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/**
 * Redis for those who have a caller waiting: every round trip is bounded, and once Redis is known to be away none is tried, so that it
 * costs them nothing. Thread-safe.
 */
final class GuardedRedis {
    /** Calls that the circuit breaker judges by; it opens when half of them failed. */
    private static final int JUDGED = 10;

    private final Redis redis;
    private final TypedGuard<CompletionStage<Response>> guard;

    /** @param openFor how long Redis is left alone before one call tries it again */
    GuardedRedis(Redis redis, Duration timeout, Duration openFor) {
        this.redis = redis;
        this.guard = TypedGuard.create(new TypeLiteral<CompletionStage<Response>>() {})
                .withDescription("requests in Redis")
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

    Future<Response> send(Request request) {
        return Future.fromCompletionStage(guard.get(() -> redis.send(request).toCompletionStage()));
    }
}
