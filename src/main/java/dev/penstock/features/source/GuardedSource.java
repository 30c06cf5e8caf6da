package dev.penstock.features.source;

import static java.time.temporal.ChronoUnit.MILLIS;

import dev.penstock.features.vector.EntityKey;
import dev.penstock.features.vector.SourceResult;
import io.smallrye.faulttolerance.api.TypedGuard;
import jakarta.enterprise.util.TypeLiteral;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.eclipse.microprofile.faulttolerance.exceptions.CircuitBreakerOpenException;

/** Guards a source with a timeout, a bulkhead, a circuit breaker, and retries from a budget. */
public final class GuardedSource implements FeatureSource {
    private static final int RETRIES = 2;

    private final FeatureSource source;
    private final RetryBudget budget = new RetryBudget();
    private final TypedGuard<CompletionStage<Map<EntityKey, SourceResult>>> guard;

    /**
     * @param timeout of each attempt
     * @param calls the maximum number of concurrent calls; {@code BulkLoader} queues the rest
     * @param openFor how long the circuit breaker stays open; it opens when half of the last 20 calls failed
     */
    public record GuardLimits(Duration timeout, int calls, Duration openFor) {}

    public GuardedSource(String name, FeatureSource source, GuardLimits limits) {
        this.source = source;
        this.guard = TypedGuard.create(new TypeLiteral<CompletionStage<Map<EntityKey, SourceResult>>>() {})
                .withDescription("features from " + name)
                .withTimeout()
                .duration(limits.timeout.toMillis(), MILLIS)
                .done()
                .withBulkhead()
                .limit(limits.calls)
                .queueSize(limits.calls)
                .done()
                .withCircuitBreaker()
                .requestVolumeThreshold(20)
                .failureRatio(0.5)
                .delay(limits.openFor.toMillis(), MILLIS)
                .successThreshold(1)
                .done()
                .withRetry()
                .maxRetries(RETRIES)
                .delay(20, MILLIS)
                .jitter(10, MILLIS)
                .whenException(failure -> mayPass(failure) && budget.take())
                .done()
                .build();
    }

    @Override
    public CompletionStage<Map<EntityKey, SourceResult>> load(Collection<EntityKey> entities) {
        budget.called();
        return guard.get(() -> source.load(entities));
    }

    @Override
    public void close() {
        source.close();
    }

    /** Whether a retry may help. It cannot while the circuit breaker is open. */
    private static boolean mayPass(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return !(cause instanceof CircuitBreakerOpenException);
    }
}
