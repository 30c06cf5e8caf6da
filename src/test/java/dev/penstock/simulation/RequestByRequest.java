package dev.penstock.simulation;

import java.util.List;

/**
 * What the production rules do with steady Poisson arrivals of one row each, request by request, with deadlines that nobody misses.
 *
 * @param busyShare of the time until the last answer
 * @param meanLatencySeconds the same in any order of service, while each request has a deadline of its own
 */
public record RequestByRequest(double busyShare, double meanLatencySeconds) {
    private static final double NANOS = 1e9;

    /** Workers whose runs take {@code fixedSeconds} and {@code rowSeconds} for each row. */
    public static RequestByRequest run(
            double perSecond, int requests, int workers, double fixedSeconds, double rowSeconds, int batch) {
        Scenario scenario = new Scenario(
                1,
                Trace.POISSON,
                perSecond,
                requests,
                fixedSeconds * NANOS,
                rowSeconds * NANOS,
                0,
                workers,
                1,
                batch,
                Scenario.NamedWindow.adaptive(),
                List.of(),
                0,
                1,
                (long) (3600 * NANOS),
                1 << 20,
                Scenario.Faults.NONE,
                0);
        Simulation simulation = new Simulation(scenario, Simulation.Observer.NONE);
        double latency = simulation.run().stream()
                .mapToDouble(request -> (request.repliedNanos - request.arrivalNanos) / NANOS)
                .average()
                .orElseThrow();
        return new RequestByRequest(simulation.busyNanos() / (double) simulation.now() / workers, latency);
    }
}
