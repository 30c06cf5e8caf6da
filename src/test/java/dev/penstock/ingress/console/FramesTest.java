package dev.penstock.ingress.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.penstock.ingress.call.Catalogue;
import dev.penstock.tenants.Tenant;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MockClock;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheus.PrometheusConfig;
import io.micrometer.prometheus.PrometheusMeterRegistry;
import io.prometheus.client.CollectorRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a frame says of the meters. */
@SuppressWarnings("deprecation") // Quarkus 3.33 has this registry of Prometheus, and no other
final class FramesTest {
    private final MockClock clock = new MockClock();
    private final PrometheusMeterRegistry registry =
            new PrometheusMeterRegistry(PrometheusConfig.DEFAULT, new CollectorRegistry(), clock);
    private final Timer latency = Timer.builder("inference.latency")
            .tag("model", "m")
            .serviceLevelObjectives(Duration.ofMillis(10), Duration.ofMillis(100))
            .register(registry);

    @Test
    void ratesAreOfTheTimeBetweenTwoReadings() {
        Counter admitted = registry.counter("inference.admitted", "model", "m");
        Counter refused = registry.counter("inference.rejected", "model", "m", "reason", "capacity");
        admitted.increment(1000);
        Reading before = Reading.take(registry);
        clock.add(Duration.ofMillis(500));
        admitted.increment(60);
        refused.increment(4);

        Change change = new Change(before, Reading.take(registry));

        assertThat(change.rate("inference.admitted", "m")).isEqualTo(120);
        assertThat(change.rates("inference.rejected", "m")).containsEntry("capacity", 8.0);
        assertThat(change.rate("inference.admitted", "another")).isZero();
    }

    @Test
    void aPercentileIsOfWhatCameSince() {
        latency.record(Duration.ofMillis(90));
        Reading before = Reading.take(registry);
        clock.add(Duration.ofSeconds(1));
        for (int i = 0; i < 100; i++) {
            latency.record(Duration.ofMillis(2));
        }
        Change change = new Change(before, Reading.take(registry));

        assertThat(change.quantile("inference.latency", List.of("m"), 0.5).orElseThrow())
                .isCloseTo(0.005, within(1e-9));
        assertThat(change.quantile("inference.latency", List.of("m"), 0.99).orElseThrow())
                .isLessThanOrEqualTo(0.010);
        assertThat(change.quantile("inference.latency", List.of(), 0.5)).isEmpty();
    }

    @Test
    void batchesAreCountedBySize() {
        DistributionSummary sizes = DistributionSummary.builder("inference.batch.size")
                .tag("model", "m")
                .serviceLevelObjectives(1, 2, 4)
                .register(registry);
        sizes.record(1);
        Reading before = Reading.take(registry);
        clock.add(Duration.ofSeconds(1));
        sizes.record(2);
        sizes.record(3);
        sizes.record(4);

        Change change = new Change(before, Reading.take(registry));

        assertThat(change.buckets("inference.batch.size", "m"))
                .containsEntry(1.0, 0.0)
                .containsEntry(2.0, 1.0)
                .containsEntry(4.0, 2.0);
        assertThat(change.mean("inference.batch.size", "m")).hasValue(3);
    }

    @Test
    void anIngressAloneSaysThatWorkersAreElsewhere() throws Exception {
        JsonNode frame = frame(frames(false));

        assertThat(frame.path("service").path("whole").booleanValue()).isFalse();
    }

    @Test
    void theVerdictComesAfterTwoSeconds() throws Exception {
        Frames frames = frames(true);
        assertThat(frame(frames).path("service").has("diagnosis")).isFalse();

        clock.add(Duration.ofSeconds(2));

        assertThat(frame(frames)
                        .path("service")
                        .path("diagnosis")
                        .path("sentence")
                        .asText())
                .isEqualTo("Nothing is a bottleneck");
    }

    private Frames frames(boolean isWorker) {
        Catalogue catalogue = new Catalogue(1, System::nanoTime);
        return new Frames(registry, () -> catalogue, registry::scrape, isWorker);
    }

    private static JsonNode frame(Frames frames) throws Exception {
        return new ObjectMapper().readTree(frames.next().json(Tenant.anonymous(Optional.empty())));
    }
}
