package dev.penstock.simulation.autoscale.scaler;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class KedaTest {
    private static final Behavior AT_ONCE = new Behavior(
            new Behavior.Rules(0, Behavior.Policy.pods(1000, 15)),
            new Behavior.Rules(0, Behavior.Policy.percent(100, 15)));

    private final Keda keda =
            new Keda(new Keda.ScaledObject(0, 20, Reading::lagRecords, 10, 5, 30, 120, 3, 6, AT_ONCE));

    @Test
    void wakesTheFirstReplicaWhenThereIsMoreThanTheActivationAsks() {
        assertThat(keda.replicas(0, 0, lag(5))).isZero();
        assertThat(keda.replicas(30, 0, lag(6))).isEqualTo(1);
    }

    @Test
    void looksOnlyAtItsPollingInterval() {
        assertThat(keda.replicas(0, 0, lag(0))).isZero();
        assertThat(keda.replicas(15, 0, lag(100))).isZero();
        assertThat(keda.replicas(30, 0, lag(100))).isEqualTo(1);
    }

    @Test
    void aboveZeroItsHpaDecides() {
        keda.replicas(0, 0, lag(100));

        assertThat(keda.replicas(15, 1, lag(75))).isEqualTo(8);
    }

    @Test
    void takesTheLastReplicaAwayAfterTheCooldown() {
        assertThat(keda.replicas(0, 0, lag(100))).isEqualTo(1);
        assertThat(keda.replicas(30, 1, lag(0))).isEqualTo(1);
        assertThat(keda.replicas(105, 1, lag(0))).isEqualTo(1);
        assertThat(keda.replicas(120, 1, lag(0))).isZero();
    }

    @Test
    void fallsBackAfterSomeFailedPolls() {
        keda.replicas(0, 0, lag(100));
        assertThat(keda.replicas(30, 2, nothing())).isEqualTo(2);
        assertThat(keda.replicas(60, 2, nothing())).isEqualTo(2);
        assertThat(keda.replicas(90, 2, nothing())).isEqualTo(6);
    }

    private static Reading lag(double records) {
        return reading(OptionalDouble.of(records));
    }

    private static Reading nothing() {
        return reading(OptionalDouble.empty());
    }

    private static Reading reading(OptionalDouble lag) {
        OptionalDouble none = OptionalDouble.empty();
        return new Reading(new Pods.Phases(0, 0, 1), none, none, none, none, lag);
    }
}
