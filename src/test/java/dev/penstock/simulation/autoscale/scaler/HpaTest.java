package dev.penstock.simulation.autoscale.scaler;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The rules of Kubernetes' documentation, and cases of its own tests (replica_calculator_test.go, horizontal_test.go). */
class HpaTest {
    private static final HpaMetric USE = new HpaMetric.PerPod(Reading::gpuUse, 0.8);
    private static final HpaMetric WANTED = new HpaMetric.AverageValue(Reading::workersWanted, 1);
    private static final HpaMetric WAIT = new HpaMetric.Value(Reading::predictedWaitSeconds, 0.25);
    private static final Behavior AT_ONCE = new Behavior(
            new Behavior.Rules(0, Behavior.Policy.pods(1000, 15)),
            new Behavior.Rules(0, Behavior.Policy.percent(100, 15)));

    @ParameterizedTest
    @CsvSource({
        "4, 1.0, 5", // 4 × 1 / 0.8
        "4, 0.87, 4", // less than a tenth above the target is close enough
        "4, 0.89, 5", // 4 × 1.1125, rounded up
        "4, 0.73, 4",
        "4, 0.59, 3", // 4 × 0.7375, rounded up
    })
    void scalesByTheRatioToTheTargetAndRoundsUp(int ready, double use, int wanted) {
        assertThat(hpa(AT_ONCE, USE).replicas(0, ready, busy(0, 0, ready, use))).isEqualTo(wanted);
    }

    @ParameterizedTest
    @CsvSource({
        "2, 0, 3, 1.0, 5", // mean of three at 1 and two at 0 is 0.6, below the target: the direction would turn, so
        // nothing changes
        "1, 0, 4, 1.0, 5", // 0.8: close enough
        "1, 0, 9, 1.0, 12", // ten at 0.9 on average: 11.25
        "2, 0, 4, 0.5, 3", // pods that wait for their image do not hold a scale-down up: 4 × 0.625
    })
    void pendingPodsCountAsIdleAgainstAScaleUp(int pending, int starting, int ready, double use, int wanted) {
        assertThat(hpa(AT_ONCE, USE).replicas(0, pending + starting + ready, busy(pending, starting, ready, use)))
                .isEqualTo(wanted);
    }

    @ParameterizedTest
    @CsvSource({"10, 10.9, 10", "10, 11.1, 12", "10, 8.9, 9", "10, 9.1, 10", "3, 7, 7"})
    void anAverageValueIsSharedByAllReplicas(int current, double wanted, int replicas) {
        assertThat(hpa(AT_ONCE, WANTED).replicas(0, current, wants(current, OptionalDouble.of(wanted), 0)))
                .isEqualTo(replicas);
    }

    @Test
    void theHighestProposalCounts() {
        Hpa hpa = hpa(AT_ONCE, WANTED, WAIT);

        assertThat(hpa.replicas(0, 4, wants(4, OptionalDouble.of(6), 0.1))).isEqualTo(6);
        assertThat(hpa.replicas(15, 4, wants(4, OptionalDouble.of(2), 0.5))).isEqualTo(8);
    }

    @Test
    void whileAMetricIsMissingTheOthersScaleUpButNotDown() {
        Hpa hpa = hpa(AT_ONCE, WANTED, WAIT);

        assertThat(hpa.replicas(0, 4, wants(4, OptionalDouble.empty(), 0))).isEqualTo(4);
        assertThat(hpa.replicas(15, 4, wants(4, OptionalDouble.empty(), 0.5))).isEqualTo(8);
    }

    @Test
    void doesNothingWithoutAnyMetric() {
        assertThat(hpa(AT_ONCE, WANTED).replicas(0, 4, wants(4, OptionalDouble.empty(), 0)))
                .isEqualTo(4);
    }

    @Test
    void staysWithinItsBounds() {
        assertThat(hpa(AT_ONCE, WANTED).replicas(0, 10, wants(10, OptionalDouble.of(1000), 0)))
                .isEqualTo(20);
        assertThat(hpa(AT_ONCE, WANTED).replicas(0, 10, wants(10, OptionalDouble.of(0), 0)))
                .isEqualTo(3);
    }

    @Test
    void scalesDownToTheHighestRecommendationOfTheWindow() {
        Hpa hpa =
                hpa(new Behavior(AT_ONCE.scaleUp(), new Behavior.Rules(60, Behavior.Policy.percent(100, 15))), WANTED);

        assertThat(hpa.replicas(0, 10, wants(10, OptionalDouble.of(8), 0))).isEqualTo(10 - 2);
        assertThat(hpa.replicas(15, 8, wants(8, OptionalDouble.of(4), 0))).isEqualTo(8);
        assertThat(hpa.replicas(45, 8, wants(8, OptionalDouble.of(5), 0))).isEqualTo(8);
        assertThat(hpa.replicas(60, 8, wants(8, OptionalDouble.of(4), 0))).isEqualTo(5);
    }

    @Test
    void addsWhatAPolicyAllowsInItsPeriod() {
        Hpa hpa = hpa(Behavior.OF_THE_RECIPE, WANTED);
        Reading many = wants(3, OptionalDouble.of(20), 0);

        assertThat(hpa.replicas(0, 3, many)).isEqualTo(5);
        assertThat(hpa.replicas(15, 5, many)).isEqualTo(5);
        assertThat(hpa.replicas(45, 5, many)).isEqualTo(5);
        assertThat(hpa.replicas(60, 5, many)).isEqualTo(7);
    }

    @Test
    void thePolicyThatAllowsMoreCounts() {
        Reading many = wants(10, OptionalDouble.of(20), 0);

        assertThat(hpa(Behavior.OF_PENSTOCK, WANTED).replicas(0, 10, many)).isEqualTo(15); // 50 %
        assertThat(hpa(Behavior.OF_PENSTOCK, WANTED).replicas(0, 3, many)).isEqualTo(5); // 2 pods
        assertThat(hpa(Behavior.OF_KUBERNETES, WANTED).replicas(0, 3, many)).isEqualTo(7); // 4 pods
    }

    @Test
    void removesOneInTwoMinutes() {
        Hpa hpa = hpa(new Behavior(AT_ONCE.scaleUp(), new Behavior.Rules(0, Behavior.Policy.pods(1, 120))), WANTED);
        Reading few = wants(10, OptionalDouble.of(3), 0);

        assertThat(hpa.replicas(0, 10, few)).isEqualTo(9);
        assertThat(hpa.replicas(105, 9, few)).isEqualTo(9);
        assertThat(hpa.replicas(120, 9, few)).isEqualTo(8);
    }

    private static Hpa hpa(Behavior behavior, HpaMetric... metrics) {
        return new Hpa(3, 20, List.of(metrics), behavior);
    }

    private static Reading busy(int pending, int starting, int ready, double use) {
        return new Reading(
                new Pods.Phases(pending, starting, ready),
                OptionalDouble.of(use),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty());
    }

    private static Reading wants(int ready, OptionalDouble wanted, double waitSeconds) {
        return new Reading(
                new Pods.Phases(0, 0, ready),
                OptionalDouble.empty(),
                wanted,
                OptionalDouble.of(waitSeconds),
                OptionalDouble.empty(),
                OptionalDouble.empty());
    }
}
