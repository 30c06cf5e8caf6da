package dev.penstock.worker;

import static org.assertj.core.api.Assertions.fail;

import org.junit.jupiter.api.Test;

/** Ten thousand small worlds with all kinds of arrivals and trouble. */
class SimulationTest {
    static final int REQUESTS = 200;

    @Test
    void tenThousandSeedsHold() {
        for (long seed = 1; seed <= 10_000; seed++) {
            try {
                new Simulation(Scenario.random(seed, REQUESTS), Simulation.Observer.NONE).run();
            } catch (AssertionError | RuntimeException broken) {
                fail("seed " + seed + ": " + broken + "; replay it with ./penstock simulate --seed " + seed, broken);
            }
        }
    }
}
