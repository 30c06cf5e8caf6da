package dev.penstock.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RegionTagTest {
    @Test
    void labelsEachMeterWithTheRegion() {
        assertThat(counter(Optional.of("lyon")).getId().getTag("region")).isEqualTo("lyon");
        assertThat(counter(Optional.of("lyon")).getId().getTag("model")).isEqualTo("m");
    }

    @Test
    void labelsNothingWithoutARegion() {
        assertThat(counter(Optional.empty()).getId().getTags()).hasSize(1);
    }

    private static Counter counter(Optional<String> region) {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        registry.config().meterFilter(new RegionTag(region));
        return registry.counter("inference.requests", "model", "m");
    }
}
