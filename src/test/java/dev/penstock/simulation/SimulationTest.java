package dev.penstock.simulation;

import static org.assertj.core.api.Assertions.fail;

import org.junit.jupiter.api.Test;

/** Thousands of small worlds with all kinds of arrivals and trouble. */
class SimulationTest {
    private static final int REQUESTS = 200;
    private static final int MOVES = 6;

    /** Set it lower to look for the first failing seed. */
    private static final int SEEDS = Integer.getInteger("simulation.seeds", 10_000);

    @Test
    void tenThousandSeedsHold() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            try {
                new Simulation(scenario(seed, 1), Simulation.Observer.NONE).run();
            } catch (AssertionError | RuntimeException broken) {
                fail("seed " + seed + ": " + broken + "; replay it with ./penstock simulate --seed " + seed, broken);
            }
        }
    }

    /** Workers give partitions to each other, lose them, drain and leave. */
    @Test
    void holdsWhilePartitionsMove() {
        for (long seed = 1; seed <= SEEDS / 5; seed++) {
            int workers = 2 + (int) (seed % 2);
            try {
                new Simulation(scenario(seed, workers), Simulation.Observer.NONE).run();
            } catch (AssertionError | RuntimeException broken) {
                fail(
                        "seed " + seed + ": " + broken + "; replay it with ./penstock simulate --seed " + seed
                                + " --workers " + workers,
                        broken);
            }
        }
    }

    /** The world of a seed; with several workers, partitions move between them. */
    static Scenario scenario(long seed, int workers) {
        Scenario alone = Scenario.random(seed, REQUESTS);
        return workers == 1 ? alone : alone.shared(workers, MOVES);
    }
}
