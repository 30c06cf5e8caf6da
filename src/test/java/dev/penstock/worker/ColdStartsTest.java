package dev.penstock.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.threads.Time;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ColdStartsTest {
    private long now;
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final ColdStarts coldStarts = new ColdStarts(registry, new Time() {
        @Override
        public long nanos() {
            return now;
        }

        @Override
        public long millis() {
            return 0;
        }

        @Override
        public void park(Object blocker, long nanos) {
            throw new UnsupportedOperationException();
        }
    });

    @Test
    void aServerThatScrapesEachHalfMinuteSeesTheCounterAtZeroFirst() {
        coldStarts.expected("m");
        assertThat(count("m")).isZero();
        coldStarts.happened("m");
        coldStarts.happened("m");
        now = Duration.ofMillis(29_999).toNanos();
        assertThat(count("m")).isZero();
        now = Duration.ofSeconds(30).toNanos();
        assertThat(count("m")).isEqualTo(2);
        coldStarts.happened("m");
        assertThat(count("m")).isEqualTo(2);
    }

    private double count(String model) {
        return registry.get("inference.cold.starts")
                .tag("model", model)
                .functionCounter()
                .count();
    }
}
