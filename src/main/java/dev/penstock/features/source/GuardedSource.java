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

/** A source behind a timeout, a bulkhead, a circuit breaker, and a retry with a budget. */
public final class GuardedSource implements FeatureSource {
    private static final int RETRIES = 2;

    private final FeatureSource source;
    private final RetryBudget budget = new RetryBudget();
    private final TypedGuard<CompletionStage<Map<EntityKey, SourceResult>>> guard;

    /**
     * @param timeout of each try
     * @param calls at a time; the queue behind them is the loader's
     * @param openFor how long a source is left alone when half of its last 20 calls failed
     */
    public record Limits(Duration timeout, int calls, Duration openFor) {}

    public GuardedSource(String name, FeatureSource source, Limits limits) {
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

    /** Whether trying again could help: not against an open circuit. */
    private static boolean mayPass(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return !(cause instanceof CircuitBreakerOpenException);
    }
}
