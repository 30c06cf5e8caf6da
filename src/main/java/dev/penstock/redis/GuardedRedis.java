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
 * A Redis client with a timeout and a circuit breaker. While the circuit is open, calls fail at once, so an outage of Redis costs callers no
 * time. Thread-safe.
 */
public final class GuardedRedis {
    /** The circuit breaker's window in calls. It opens when half of them failed. */
    private static final int JUDGED = 10;

    private final Redis redis;
    private final Guard guard;

    /**
     * @param what the data kept in Redis; names the guard in metrics
     * @param openFor how long the circuit stays open before one call probes Redis
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

    /** Sends all requests in one round trip. Fails when one of them fails. */
    public Future<List<Response>> batch(List<Request> requests) {
        return Future.fromCompletionStage(guard.get(
                () -> redis.batch(requests).toCompletionStage(),
                new TypeLiteral<CompletionStage<List<Response>>>() {}));
    }
}
