package dev.penstock.soak;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A soak.
 *
 * @param rampUp before the first fault: the rate grows to the full one, and the processes become warm
 * @param duration of load with faults; the last fault heals, and open requests are followed, after it
 * @param seed of the order of faults and of their victims
 * @param ratePerSecond requests through all doors together
 * @param brokers 1 or 3
 * @param warmsUp whether an ingress or a worker that starts makes itself warm before it is ready, as in production
 * @param pollsAnswered whether synchronous calls that were answered are polled too
 * @param folder takes logs and the report; what was there is deleted
 */
record SoakPlan(
        Duration rampUp,
        Duration duration,
        long seed,
        double ratePerSecond,
        List<Fault> faults,
        int brokers,
        boolean warmsUp,
        boolean pollsAnswered,
        Path folder) {
    SoakPlan {
        faults = List.copyOf(faults);
        if (faults.isEmpty()) {
            throw new IllegalArgumentException("faults must be one or more");
        }
    }
}
