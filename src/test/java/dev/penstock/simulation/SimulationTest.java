package dev.penstock.simulation;

import static org.assertj.core.api.Assertions.fail;

import org.junit.jupiter.api.Test;

/** Ten thousand small worlds with all kinds of arrivals and trouble. */
class SimulationTest {
    static final int REQUESTS = 200;

    /** Fewer for those who look for one that fails. */
    private static final int SEEDS = Integer.getInteger("simulation.seeds", 10_000);

    @Test
    void tenThousandSeedsHold() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            try {
                new Simulation(Scenario.random(seed, REQUESTS), Simulation.Observer.NONE).run();
            } catch (AssertionError | RuntimeException broken) {
                fail("seed " + seed + ": " + broken + "; replay it with ./penstock simulate --seed " + seed, broken);
            }
        }
    }
}
