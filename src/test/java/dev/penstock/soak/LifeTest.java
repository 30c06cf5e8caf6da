package dev.penstock.soak;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;

class LifeTest {
    private static final long HALF_AN_HOUR = 1800;

    @Test
    void whatStaysWithinABandIsFlat() {
        assertThat(growth(HALF_AN_HOUR, second -> new Usage(600 + second % 7 * 10, 80, 300 + (int) second % 7)))
                .satisfies(growth -> assertThat(growth.staysFlat()).isTrue())
                .extracting(SoakReport.Growth::late)
                .isEqualTo(new Usage(630, 80, 303));
    }

    @Test
    void aPeakIsFlat() {
        assertThat(growth(HALF_AN_HOUR, second -> new Usage(600, 80, second > 1500 && second < 1600 ? 900 : 300))
                        .staysFlat())
                .isTrue();
    }

    @Test
    void memoryThatLeaksIsNotFlat() {
        assertThat(growth(HALF_AN_HOUR, second -> new Usage(600 + second / 4, 80, 300))
                        .staysFlat())
                .isFalse();
    }

    @Test
    void threadsThatLeakAreNotFlat() {
        assertThat(growth(HALF_AN_HOUR, second -> new Usage(600, 80 + (int) second / 30, 300))
                        .staysFlat())
                .isFalse();
    }

    @Test
    void filesThatLeakAreNotFlat() {
        assertThat(growth(HALF_AN_HOUR, second -> new Usage(600, 80, 300 + (int) second / 10))
                        .staysFlat())
                .isFalse();
    }

    @Test
    void theStartOfALifeDoesNotCount() {
        assertThat(growth(HALF_AN_HOUR, second -> new Usage(second < 60 ? 900 : 600, 80, 300))
                        .early())
                .isEqualTo(new Usage(600, 80, 300));
    }

    @Test
    void aShortLifeIsNotJudged() {
        assertThat(growth(300, second -> new Usage(600 + second * 10, 80, 300)).staysFlat())
                .isTrue();
        assertThat(new Life("worker-1").growth()).isEmpty();
    }

    private static SoakReport.Growth growth(long seconds, LongFunction<Usage> held) {
        Life life = new Life("worker-1");
        for (long second = 10; second <= seconds; second += 10) {
            life.add(second, held.apply(second));
        }
        return life.growth().orElseThrow();
    }
}
