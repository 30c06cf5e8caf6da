package dev.penstock.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LoadTest {
    private static final long MILLI = 1_000_000;

    private final Load load = new Load();
    private long now = -3 * MILLI;

    @Test
    void isHighOnceSessionsRanForHalfOfAPeriod() {
        after(0, false);
        for (int turn = 0; turn < 50; turn++) {
            assertThat(load.isHigh()).isFalse();
            after(5, true);
            after(5, false);
        }
        assertThat(load.isHigh()).isTrue();
    }

    @Test
    void isLowAgainAfterAPeriodWithFewRuns() {
        after(0, false);
        after(600, true);
        assertThat(load.isHigh()).isTrue();
        after(300, false);
        after(250, true);
        assertThat(load.isHigh()).isFalse();
    }

    @Test
    void oneLongRunCounts() {
        after(0, false);
        after(20_000, true);
        assertThat(load.isHigh()).isTrue();
    }

    private void after(long millis, boolean busy) {
        now += millis * MILLI;
        load.passed(now, busy);
    }
}
