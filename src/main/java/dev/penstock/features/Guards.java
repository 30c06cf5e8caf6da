package dev.penstock.features;

import static java.time.temporal.ChronoUnit.MILLIS;

import io.smallrye.faulttolerance.api.TypedGuard;
import io.vertx.redis.client.Response;
import jakarta.enterprise.util.TypeLiteral;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.eclipse.microprofile.faulttolerance.exceptions.CircuitBreakerOpenException;

/** Guards of Redis, and what guards agree on. */
final class Guards {
    /** Calls that the circuit breaker judges by; it opens when half of them failed. */
    private static final int JUDGED = 10;

    private Guards() {}

    /** @param openFor how long Redis is left alone before one call tries it again */
    static RedisCache.Guards ofRedis(Duration timeout, Duration openFor) {
        return new RedisCache.Guards(
                guarded(TypedGuard.create(new TypeLiteral<CompletionStage<Response>>() {}), timeout, openFor),
                guarded(TypedGuard.create(new TypeLiteral<CompletionStage<List<Response>>>() {}), timeout, openFor));
    }

    /** Whether trying again could help: not against an open circuit. */
    static boolean mayPass(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return !(cause instanceof CircuitBreakerOpenException);
    }

    private static <T> TypedGuard<T> guarded(TypedGuard.Builder<T> builder, Duration timeout, Duration openFor) {
        return builder.withDescription("features in Redis")
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
}
