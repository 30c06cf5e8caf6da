package dev.penstock.simulation.capacity;

/**
 * What is asked of a deployment, for one model. Checks itself.
 *
 * @param requestsPerSecond at the peak
 * @param rowsPerRequest on average
 * @param requestBytes of an HTTP body
 * @param replyBytes of an HTTP body
 * @param keptShare the share of requests whose outcome is kept for polling; the others are synchronous
 * @param workerRowsPerSecond what one worker with one GPU does in full batches: its {@code inference_capacity_rows_per_second}
 * @param load the share of that at which a worker is run
 * @param replicas of each partition
 * @param requestRetentionHours how long the topics keep requests
 * @param resultRetentionHours how long the topics keep replies
 * @param pollableHours how long Redis keeps outcomes
 * @param coresOfBroker and of an ingress
 */
record Demand(
        double requestsPerSecond,
        double rowsPerRequest,
        double requestBytes,
        double replyBytes,
        double keptShare,
        double workerRowsPerSecond,
        double load,
        int replicas,
        double requestRetentionHours,
        double resultRetentionHours,
        double pollableHours,
        int coresOfBroker,
        int coresOfIngress) {

    private static final double MOST = 1e12;

    Demand {
        positive("requests per second", requestsPerSecond);
        positive("rows per request", rowsPerRequest);
        positive("bytes of a request", requestBytes);
        positive("bytes of a reply", replyBytes);
        positive("rows per second of a worker", workerRowsPerSecond);
        positive("hours that requests are kept", requestRetentionHours);
        positive("hours that replies are kept", resultRetentionHours);
        positive("hours that outcomes can be polled", pollableHours);
        share("kept share", keptShare, 0);
        share("load of a worker", load, 0.01);
        positive("replicas", replicas);
        positive("cores of a broker", coresOfBroker);
        positive("cores of an ingress", coresOfIngress);
    }

    private static void positive(String what, double value) {
        if (!(value > 0 && value <= MOST)) {
            throw new IllegalArgumentException("%s must be above 0 and at most 1e12, was %s".formatted(what, value));
        }
    }

    private static void share(String what, double value, double least) {
        if (!(value >= least && value <= 1)) {
            throw new IllegalArgumentException("%s must be in %s..1, was %s".formatted(what, least, value));
        }
    }
}
