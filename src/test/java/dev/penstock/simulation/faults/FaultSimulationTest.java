package dev.penstock.simulation.faults;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Whole workers on a simulated Kafka, with faults. {@code ./penstock simulate --faults --seeds 10000} runs more. */
class FaultSimulationTest {
    private static final int SEEDS = Integer.getInteger("simulation.fault-seeds", 200);

    @Test
    void keepsAllPromisesWhateverBreaks() {
        FaultRuns runs = new FaultRuns();
        for (long seed = 1; seed <= SEEDS; seed++) {
            runs.run(seed);
        }
        assertThat(runs.allStruck()).as(runs.toString()).isTrue();
    }

    @Test
    void aSeedAlwaysDoesTheSame() {
        FaultRuns.Timeline timeline = FaultRuns.timeline(1);
        assertThat(timeline.isBroken()).isFalse();
        assertThat(timeline.text())
                .contains("FAULT")
                .isEqualTo(FaultRuns.timeline(1).text());
    }
}
