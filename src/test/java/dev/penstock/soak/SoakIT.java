package dev.penstock.soak;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;

/** A short soak. {@code ./penstock soak} runs longer ones, with all faults. */
class SoakIT {
    private static final Duration LOAD = Duration.ofSeconds(20);
    private static final double RATE = 60;

    private static final List<Fault> FAULTS =
            List.of(Fault.WORKER_STOPPED, Fault.INGRESS_KILLED, Fault.CLIENT_HALF_CLOSES, Fault.POISON_UNDECODABLE);

    @Test
    void holdsWhileFaultsStrike() throws Exception {
        long seed = ThreadLocalRandom.current().nextLong(1_000_000_000);
        SoakPlan plan =
                new SoakPlan(Duration.ZERO, LOAD, seed, RATE, FAULTS, 1, false, true, Path.of("target/soak-it"));

        SoakReport report = new SoakRun(plan, System.out::println).run();

        assertThat(report.isKept()).as(report::toString).isTrue();
        assertThat(report.strikes()).isNotEmpty();
    }
}
