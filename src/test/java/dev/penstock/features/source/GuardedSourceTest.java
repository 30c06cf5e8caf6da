package dev.penstock.features.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.features.vector.EntityKey;
import dev.penstock.features.vector.SourceResult;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.microprofile.faulttolerance.exceptions.CircuitBreakerOpenException;
import org.eclipse.microprofile.faulttolerance.exceptions.TimeoutException;
import org.junit.jupiter.api.Test;

/** Calls to a failing source are retried, but within limits. */
final class GuardedSourceTest {
    private static final EntityKey ANNA = new EntityKey.Name("anna");

    private final AtomicInteger tries = new AtomicInteger();
    private volatile int failures;

    @Test
    void retriesAFailedCall() {
        failures = 2;
        assertThat(load(guarded(Duration.ofSeconds(5)))).containsKey(ANNA);
        assertThat(tries).hasValue(3);
    }

    @Test
    void attemptsACallAtMostThreeTimes() {
        failures = 3;
        assertThatThrownBy(() -> load(guarded(Duration.ofSeconds(5)))).hasRootCauseMessage("down");
        assertThat(tries).hasValue(3);
    }

    @Test
    void theCircuitOpensWhenTheSourceIsDown() {
        failures = Integer.MAX_VALUE;
        FeatureSource guarded = guarded(Duration.ofSeconds(5));
        for (int i = 0; i < 100; i++) {
            assertThatThrownBy(() -> load(guarded)).isInstanceOf(Exception.class);
        }
        assertThatThrownBy(() -> load(guarded)).hasRootCauseInstanceOf(CircuitBreakerOpenException.class);
        assertThat(tries).hasValueLessThanOrEqualTo(20);
    }

    @Test
    void aSlowCallTimesOut() {
        FeatureSource silent = new FeatureSource() {
            @Override
            public CompletionStage<Map<EntityKey, SourceResult>> load(Collection<EntityKey> entities) {
                return new CompletableFuture<>();
            }

            @Override
            public void close() {}
        };
        FeatureSource guarded = new GuardedSource(
                "silent", silent, new GuardedSource.GuardLimits(Duration.ofMillis(20), 4, Duration.ofMinutes(1)));
        assertThatThrownBy(() -> load(guarded)).hasRootCauseInstanceOf(TimeoutException.class);
    }

    @Test
    void retriesAreLimitedToATenthOfTheCallsWithABurstOfTen() {
        RetryBudget budget = new RetryBudget();
        for (int i = 0; i < 10; i++) {
            assertThat(budget.take()).isTrue();
        }
        assertThat(budget.take()).isFalse();
        for (int i = 0; i < 11; i++) {
            budget.called();
        }
        assertThat(budget.take()).isTrue();
        assertThat(budget.take()).isFalse();
    }

    private FeatureSource guarded(Duration timeout) {
        FeatureSource flaky = new FeatureSource() {
            @Override
            public CompletionStage<Map<EntityKey, SourceResult>> load(Collection<EntityKey> entities) {
                return tries.incrementAndGet() <= failures
                        ? CompletableFuture.failedFuture(new IllegalStateException("down"))
                        : CompletableFuture.completedFuture(Map.of(ANNA, new SourceResult.NotFound()));
            }

            @Override
            public void close() {}
        };
        return new GuardedSource("flaky", flaky, new GuardedSource.GuardLimits(timeout, 4, Duration.ofMinutes(1)));
    }

    private static Map<EntityKey, SourceResult> load(FeatureSource source) {
        return source.load(List.of(ANNA))
                .toCompletableFuture()
                .orTimeout(10, TimeUnit.SECONDS)
                .join();
    }
}
