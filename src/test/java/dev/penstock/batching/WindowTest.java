package dev.penstock.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.protocol.Lane;
import org.junit.jupiter.api.Test;

class WindowTest {
    private static final double PER_SECOND = 1e-9;

    private final Window window = Window.adaptive();
    private final CostCurve memoryBound = curve(1_000_000, 60_000);

    @Test
    void sessionsThatRunBesideEachOtherShareTheLoad() {
        CostCurve distant = curve(200_000_000, 1000);
        assertThat(window.nanos(1, 35 * PER_SECOND, distant)).isPositive();
        assertThat(window.forEachOf(16).nanos(1, 35 * PER_SECOND, distant)).isZero();
        assertThat(window.forEachOf(16).nanos(1, 16 * 35 * PER_SECOND, distant))
                .isEqualTo(window.nanos(1, 35 * PER_SECOND, distant));
    }

    @Test
    void isZeroWhenIdle() {
        assertThat(window.nanos(1, 100 * PER_SECOND, memoryBound)).isZero();
        assertThat(window.nanos(1, 0, memoryBound)).isZero();
    }

    @Test
    void opensWhereTheRowsAtHandCouldNotKeepUp() {
        assertThat(window.nanos(1, 10_000 * PER_SECOND, memoryBound)).isBetween(900_000L, 1_000_000L);
    }

    @Test
    void closesOnceTheRowsAtHandKeepUp() {
        assertThat(window.nanos(30, 10_000 * PER_SECOND, memoryBound)).isZero();
    }

    @Test
    void staysClosedWhereTheNextBatchWouldKeepUp() {
        assertThat(window.nanos(1, 1500 * PER_SECOND, memoryBound)).isZero();
    }

    @Test
    void staysClosedWhereOneMoreRowTakesLongerToComeThanItSaves() {
        assertThat(window.nanos(1, 3000 * PER_SECOND, curve(100_000, 1_000_000)))
                .isZero();
    }

    @Test
    void neverOpensWhereABatchSavesNothing() {
        assertThat(window.nanos(1, 100_000 * PER_SECOND, curve(0, 1_000_000))).isZero();
    }

    @Test
    void staysWithinTheGivenBound() {
        assertThat(window.atMost(5000).nanos(1, 10_000 * PER_SECOND, memoryBound))
                .isEqualTo(5000);
    }

    @Test
    void isAsLongAsGivenThoughNothingElseArrives() {
        assertThat(window.atLeast(5000).nanos(1, 0, memoryBound)).isEqualTo(5000);
    }

    @Test
    void takesOneRequestOnAnIdleSlowModelForNoLoad() {
        CostModel costs = new CostModel();
        costs.observe("k", 1, 500_000_000);
        costs.observe("k", 8, 600_000_000);
        Batcher<String> batcher = new Batcher<>(BatchPolicy.of(8, window), costs);
        batcher.offer(new QueuedRequest<>("a", "k", Lane.INTERACTIVE, 1, 0, Long.MAX_VALUE / 2));
        assertThat(batcher.next(0)).isInstanceOf(Step.Run.class);
    }

    @Test
    void followsWhatArrivesAndForgetsIt() {
        CostModel costs = new CostModel();
        costs.observe("k", 1, 1_060_000);
        costs.observe("k", 64, 4_840_000);
        Batcher<String> batcher = new Batcher<>(BatchPolicy.of(64, window), costs);
        for (int i = 0; i < 8; i++) {
            batcher.offer(new QueuedRequest<>("full batch", "k", Lane.INTERACTIVE, 64, 0, Long.MAX_VALUE / 2));
            assertThat(batcher.next(0)).isInstanceOf(Step.Run.class);
        }
        batcher.offer(new QueuedRequest<>("more will come", "k", Lane.INTERACTIVE, 1, 0, Long.MAX_VALUE / 2));
        assertThat(batcher.next(0)).isInstanceOf(Step.WaitUntil.class);
        assertThat(batcher.next(1_000_000)).isInstanceOf(Step.Run.class);
        long later = 10_000_000_000L;
        batcher.offer(new QueuedRequest<>("nobody else", "k", Lane.INTERACTIVE, 1, later, Long.MAX_VALUE / 2));
        assertThat(batcher.next(later)).isInstanceOf(Step.Run.class);
    }

    private static CostCurve curve(long fixed, long row) {
        CostCurve curve = new CostCurve();
        curve.observe(1, fixed + row);
        curve.observe(64, fixed + 64 * row);
        return curve;
    }
}
