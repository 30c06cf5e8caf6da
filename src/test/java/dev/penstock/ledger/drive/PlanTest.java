package dev.penstock.ledger.drive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PlanTest {
    @Test
    void withoutARampRequestsAreEvenlyApart() {
        Plan plan = plan(200, Duration.ZERO);

        assertThat(plan.dueSeconds(0)).isZero();
        assertThat(plan.dueSeconds(1)).isCloseTo(0.005, within(1e-9));
        assertThat(plan.dueSeconds(2_000)).isCloseTo(10, within(1e-9));
    }

    @Test
    void theRateGrowsEvenlyUntilTheRampEnds() {
        Plan plan = plan(100, Duration.ofSeconds(10));

        // An even growth to 100/s in 10 s sends 500 requests, a quarter of them in its first half.
        assertThat(plan.dueSeconds(0)).isZero();
        assertThat(plan.dueSeconds(125)).isCloseTo(5, within(1e-9));
        assertThat(plan.dueSeconds(500)).isCloseTo(10, within(1e-9));
        assertThat(plan.dueSeconds(600)).isCloseTo(11, within(1e-9));
    }

    private static Plan plan(double ratePerSecond, Duration rampUp) {
        return new Plan(
                List.of(URI.create("http://localhost:1")),
                Optional.empty(),
                "m",
                ratePerSecond,
                rampUp,
                Duration.ofMinutes(1),
                Duration.ofSeconds(1),
                Duration.ZERO,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                false);
    }
}
