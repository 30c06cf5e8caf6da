package dev.penstock.ingress.submit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RecentLatencyTest {
    private static final long MILLI = 1_000_000;

    private final RecentLatency latency = new RecentLatency();

    @Test
    void isUnknownAtFirst() {
        observe(99, MILLI);
        assertThat(latency.p99Nanos()).isEmpty();
        observe(1, MILLI);
        assertThat(latency.p99Nanos()).isPresent();
    }

    @Test
    void isThe99thPercentileToAFifth() {
        for (int i = 0; i < 10; i++) {
            observe(98, 5 * MILLI);
            observe(2, 300 * MILLI);
        }
        assertThat(latency.p99Nanos().getAsLong()).isBetween(300 * MILLI, 360 * MILLI);
    }

    @Test
    void ignoresFewerThanOneInAHundred() {
        observe(995, 5 * MILLI);
        observe(5, 300 * MILLI);
        assertThat(latency.p99Nanos().getAsLong()).isBetween(5 * MILLI, 6 * MILLI);
    }

    @Test
    void forgets() {
        observe(4000, 300 * MILLI);
        observe(20_000, 5 * MILLI);
        assertThat(latency.p99Nanos().getAsLong()).isBetween(5 * MILLI, 6 * MILLI);
    }

    @Test
    void takesAnyLatency() {
        observe(50, 0);
        observe(50, Long.MAX_VALUE);
        assertThat(latency.p99Nanos().getAsLong()).isGreaterThan(60_000 * MILLI);
    }

    private void observe(int times, long nanos) {
        for (int i = 0; i < times; i++) {
            latency.observe(nanos);
        }
    }
}
