package dev.penstock.ingress.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.ingress.gate.LaneAdmission.Lag;
import dev.penstock.ingress.gate.WorkersSimulation.Second;
import dev.penstock.ingress.gate.WorkersSimulation.Setting;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The gate divides what ran by the time in which there was work. */
class TimeAtWorkTest {
    private static final long SECOND = 1_000_000_000L;
    private static final double CAPACITY = 2000;
    private static final double NEVER = Double.MAX_VALUE;

    private final LaneAdmission admission = new LaneAdmission(1);

    /** Nine requests a second when the worker had no processor; 300 calls a second afterwards are no overload. */
    @Test
    void aWorkerThatWasStarvedIsKnownToBeFastAgainOnceItHasRunAFew() {
        for (int look = 0; look <= 8; look++) {
            observed(look, 1000, 2L * look, look * 250_000L);
        }
        assertThat(admission.admit(2 * SECOND, 30 * SECOND, SECOND)).isPresent();
        for (int look = 9; look <= 20; look++) {
            observed(look, 0, 16 + 2L * (look - 8), 2_000_000 + 10_000L * (look - 8)); // two requests in 10 ms
        }
        for (int call = 0; call < 75; call++) {
            assertThat(admission.admit(5 * SECOND, 30 * SECOND, SECOND)).isEmpty();
        }
    }

    /** The first runs of a cold worker take an eighth of a second each. Thirty requests that wait behind them are no overload. */
    @Test
    void theFirstRunsOfAColdWorkerTeachNoSpeed() {
        observed(0, 32, 0, 0);
        observed(1, 30, 2, 250_000);
        assertThat(admission.admit(SECOND / 4, 30 * SECOND, SECOND)).isEmpty();
        observed(2, 30, 4, 500_000);
        assertThat(admission.admit(SECOND / 2, 30 * SECOND, SECOND)).isEmpty();
    }

    /** Where a run takes half a second, the gate knows it after a second. */
    @Test
    void aSlowWorkerIsKnownAfterASecond() {
        for (int look = 0; look <= 4; look++) {
            observed(look, 32, look / 2, look * 250_000L);
        }
        assertThat(admission.admit(SECOND, 30 * SECOND, 5 * SECOND)).isPresent();
    }

    /** Light work shows a lower bound, which may be far too low. It must not keep what was learned from being forgotten. */
    @Test
    void lightWorkDoesNotKeepALowSpeedAlive() {
        for (int look = 0; look <= 8; look++) {
            observed(look, 1000, 2L * look, look * 250_000L);
        }
        for (int look = 9; look <= 140; look++) {
            observed(look, 0, 16 + 2L * (look - 8), 2_000_000 + 10_000L * (look - 8));
        }
        for (int call = 0; call < 1000; call++) {
            assertThat(admission.admit(35 * SECOND, SECOND, SECOND)).isEmpty();
        }
    }

    /** The runs of a burst say how fast the worker is, if the time between bursts does not count. */
    @Test
    void burstsOfShortDeadlinesTeachNoLowSpeed() {
        // 40 calls at once every second, with 25 ms each: the worker runs half of them, and normal calls follow.
        DoubleUnaryOperator offered = t -> t < 10 ? (t % 1 < 0.002 ? 20_000 : 0) : 0.5 * CAPACITY;
        DoubleUnaryOperator deadline = t -> t < 10 ? 0.025 : 1;
        DoubleUnaryOperator slow = t -> t < 10 ? CAPACITY / 4 : CAPACITY;
        List<Second> run = run(new Setting(4, List.of(slow), NEVER, 0, offered, deadline), 20);
        assertThat(total(run, 10, 20, second -> second.refused)).as("refused").isZero();
    }

    /** Short deadlines all along: the gate must not stay at what a starved worker did. */
    @ParameterizedTest
    @ValueSource(doubles = {0.05, 0.2, 1})
    void servesAllAgainSoonAfterAWorkerWasStarved(double deadlineSeconds) {
        DoubleUnaryOperator starved = t -> t < 5 ? 9 : CAPACITY;
        List<Second> run =
                run(new Setting(4, List.of(starved), NEVER, 0, t -> 0.5 * CAPACITY, t -> deadlineSeconds), 20);
        assertThat(total(run, 12, 20, second -> second.refused)).as("refused").isZero();
        assertThat(total(run, 12, 20, second -> second.givenUp)).as("given up").isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8, 64})
    void refusesAnOverloadInTimeHoweverManyPartitionsThereAre(int partitions) {
        for (double deadlineSeconds : new double[] {0.1, 0.5, 2}) {
            Setting overload = new Setting(
                    partitions,
                    List.of(t -> CAPACITY / 2, t -> CAPACITY / 2),
                    NEVER,
                    0,
                    t -> 3 * CAPACITY,
                    t -> deadlineSeconds);
            List<Second> run = run(overload, 30);
            double seconds = 25;
            assertThat(total(run, 5, 30, second -> second.ran) / seconds)
                    .as("run per second, deadline %s s", deadlineSeconds)
                    .isGreaterThan((partitions == 1 ? 0.45 : 0.9) * CAPACITY);
            assertThat(total(run, 5, 30, second -> second.givenUp) / seconds)
                    .as("given up per second, deadline %s s", deadlineSeconds)
                    .isLessThan(0.1 * CAPACITY);
        }
    }

    @Test
    void refusesNothingOfLightWorkOnManyPartitions() {
        List<DoubleUnaryOperator> workers = Collections.nCopies(4, t -> CAPACITY / 4);
        List<Second> run = run(new Setting(64, workers, NEVER, 0, t -> 0.6 * CAPACITY, t -> 0.1), 30);
        assertThat(total(run, 0, 30, second -> second.refused)).isZero();
    }

    /** What was offered fits two workers, and is too much for the one that stays. */
    @Test
    void refusesInTimeOnceAWorkerHasLeft() {
        List<DoubleUnaryOperator> workers = Collections.nCopies(2, t -> CAPACITY / 2);
        List<Second> run = run(new Setting(8, workers, 10, 1, t -> 0.8 * CAPACITY, t -> 1), 40);
        assertThat(total(run, 1, 10, second -> second.refused))
                .as("refused before")
                .isZero();
        assertThat(total(run, 20, 40, second -> second.ran) / 20.0)
                .as("run per second by the one that stays")
                .isGreaterThan(0.45 * CAPACITY);
        assertThat(total(run, 20, 40, second -> second.givenUp) / 20.0)
                .as("given up per second")
                .isLessThan(0.05 * CAPACITY);
    }

    private void observed(int look, int waiting, long ran, long atWorkMicros) {
        admission.asking(look * SECOND / 4);
        admission.observed(new Lag(ran + waiting, ran, new LaneWork(ran, 0, Map.of(0, atWorkMicros)), 1));
    }

    private static List<Second> run(Setting setting, int seconds) {
        return new WorkersSimulation(setting).run(seconds);
    }

    private static double total(List<Second> seconds, int from, int to, ToIntFunction<Second> count) {
        return seconds.subList(from, to).stream().mapToInt(count).sum();
    }
}
