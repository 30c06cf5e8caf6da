package dev.penstock.redis;

import static java.time.temporal.ChronoUnit.MILLIS;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
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

    private static final String CALLS = "inference.redis.call";

    private final Redis redis;
    private final Guard guard;
    private final MeterRegistry registry;
    private final Timer answered;
    private final Timer failed;

    /** Without meters, for a caller that has its own. */
    public GuardedRedis(String what, Redis redis, Duration timeout, Duration openFor) {
        this(what, redis, timeout, openFor, new CompositeMeterRegistry());
    }

    /**
     * @param what the data kept in Redis; names the guard in metrics
     * @param openFor how long the circuit stays open before one call probes Redis
     * @param registry takes the duration of each call
     */
    public GuardedRedis(String what, Redis redis, Duration timeout, Duration openFor, MeterRegistry registry) {
        this.redis = redis;
        this.registry = registry;
        this.answered = timer(registry, "ok");
        this.failed = timer(registry, "failed");
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

    private static Timer timer(MeterRegistry registry, String result) {
        return Timer.builder(CALLS)
                .description("Calls to Redis on behalf of a caller; failed: no answer in time, or not tried")
                .tag("result", result)
                .serviceLevelObjectives(
                        Duration.ofMillis(1),
                        Duration.ofMillis(5),
                        Duration.ofMillis(20),
                        Duration.ofMillis(50),
                        Duration.ofMillis(200),
                        Duration.ofMillis(1000))
                .register(registry);
    }

    public Future<Response> send(Request request) {
        Timer.Sample sample = Timer.start(registry);
        return timed(
                sample,
                guard.get(
                        () -> redis.send(request).toCompletionStage(),
                        new TypeLiteral<CompletionStage<Response>>() {}));
    }

    /** Sends all requests in one round trip. Fails when one of them fails. */
    public Future<List<Response>> batch(List<Request> requests) {
        Timer.Sample sample = Timer.start(registry);
        return timed(
                sample,
                guard.get(
                        () -> redis.batch(requests).toCompletionStage(),
                        new TypeLiteral<CompletionStage<List<Response>>>() {}));
    }

    private <T> Future<T> timed(Timer.Sample sample, CompletionStage<T> call) {
        return Future.fromCompletionStage(call)
                .onComplete(result -> sample.stop(result.succeeded() ? answered : failed));
    }
}
