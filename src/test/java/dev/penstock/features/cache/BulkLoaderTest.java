package dev.penstock.features.cache;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.features.vector.EntityKey;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class BulkLoaderTest {
    private static final Duration GATHER = Duration.ofMillis(1);

    @Test
    void aPartlyFilledCallWaitsForTheGatherTime() {
        CallPacer pace = new CallPacer(4, GATHER, 0);
        assertThat(pace.waitNanos(millis(7), millis(7))).isEqualTo(millis(1));
        assertThat(pace.waitNanos(millis(7), millis(8))).isLessThanOrEqualTo(0);
    }

    @Test
    void partlyFilledCallsAreSpreadEvenlyOverTheCallDuration() {
        CallPacer pace = new CallPacer(4, GATHER, 0);
        for (int i = 0; i < 100; i++) {
            pace.answered(millis(80));
        }
        pace.started(millis(1000));
        assertThat(pace.waitNanos(millis(1005), millis(1005))).isBetween(millis(14), millis(15));
        assertThat(pace.waitNanos(millis(1019), millis(1019))).isEqualTo(millis(1));
        assertThat(pace.waitNanos(millis(1005), millis(1020))).isLessThanOrEqualTo(0);
    }

    /** An open circuit breaker answers in this way. */
    @Test
    void aSourceThatAnswersSynchronouslyDoesNotOverflowTheStack() {
        ManualClock clock = new ManualClock();
        ScriptedSource source = new ScriptedSource(clock);
        Set<EntityKey> loaded = new HashSet<>();
        List<EntityKey> many = IntStream.range(0, 20_000)
                .<EntityKey>mapToObj(EntityKey.Id::new)
                .toList();
        BulkLoader loader = new BulkLoader(
                source,
                new BulkLoader.CallLimits(1, 4, GATHER),
                new FeatureMeters(new SimpleMeterRegistry(), "customers").source,
                (results, asked) -> loaded.addAll(results.keySet()),
                clock);
        loader.want(many);
        assertThat(loaded).hasSameSizeAs(many);
    }

    private static long millis(long millis) {
        return MILLISECONDS.toNanos(millis);
    }
}
