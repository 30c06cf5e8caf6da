package dev.penstock.simulation;

import java.util.List;

/**
 * The results of a simulation.
 *
 * @param goodput rows per second that succeeded by their deadline
 * @param lateAnswers the percentage of successful answers that came after their deadline
 */
record Capacity(
        double p50Millis,
        double p99Millis,
        double throughput,
        double goodput,
        double utilisation,
        double meanBatch,
        double lateAnswers,
        int expired) {

    static Capacity of(Scenario scenario, Timeline timeline) {
        Simulation simulation = new Simulation(scenario, timeline);
        List<SimulatedRequest> requests = simulation.run();
        double[] millis = requests.stream()
                .filter(request -> request.outcome.equals("succeeded"))
                .mapToDouble(request -> (request.repliedNanos - request.arrivalNanos) / 1e6)
                .sorted()
                .toArray();
        double seconds = simulation.now() / 1e9;
        long done = 0;
        long good = 0;
        int late = 0;
        int expired = 0;
        for (SimulatedRequest request : requests) {
            boolean succeeded = request.outcome.equals("succeeded");
            done += succeeded ? request.rows : 0;
            good += succeeded && !request.isLate() ? request.rows : 0;
            late += succeeded && request.isLate() ? 1 : 0;
            expired += request.outcome.equals("expired") ? 1 : 0;
        }
        return new Capacity(
                at(millis, 0.5),
                at(millis, 0.99),
                done / seconds,
                good / seconds,
                simulation.busyNanos() / (seconds * 1e9 * scenario.workers() * scenario.sessions()),
                timeline.meanBatch(),
                100.0 * late / Math.max(1, millis.length),
                expired);
    }

    private static double at(double[] sorted, double quantile) {
        return sorted.length == 0 ? 0 : sorted[(int) Math.min(sorted.length - 1, quantile * sorted.length)];
    }

    @Override
    public String toString() {
        return ("p50 %.2f ms, p99 %.2f ms, %.0f rows/s of which %.0f in time, busy %.0f %%, %.1f rows per batch, "
                        + "%d expired, %.2f %% of the answers late")
                .formatted(
                        p50Millis, p99Millis, throughput, goodput, 100 * utilisation, meanBatch, expired, lateAnswers);
    }
}
