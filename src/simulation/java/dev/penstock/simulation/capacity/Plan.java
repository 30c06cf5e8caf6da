package dev.penstock.simulation.capacity;

import java.util.List;
import java.util.Locale;

/**
 * What a deployment needs at its peak. Each method is one formula of docs/capacity.md. Bytes per second, cores and disks are sums over all
 * processes of a role.
 */
record Plan(Demand demand) {
    /** Partitions for each worker, so that the busiest has at most a sixth more than its share: docs/autoscaling.md. */
    static final int PARTITIONS_PER_WORKER = 6;

    private static final double KIB = 1024;
    private static final double HOUR = 3600;
    private static final double MB = 1e6;
    private static final double GB = 1e9;

    int workers() {
        return atLeast(
                1,
                demand.requestsPerSecond() * demand.rowsPerRequest() / (demand.load() * demand.workerRowsPerSecond()));
    }

    double gpusPerThousandRequests() {
        return 1000 * demand.rowsPerRequest() / (demand.load() * demand.workerRowsPerSecond());
    }

    int partitions() {
        return PARTITIONS_PER_WORKER * workers();
    }

    /** That producers write, replicas apart. */
    double writtenBytesPerSecond() {
        return demand.requestsPerSecond() * (demand.requestBytes() + demand.replyBytes() + 2 * Cost.RECORD.value());
    }

    /** Into all brokers: from producers and, for replicas, from other brokers. */
    double brokerBytesInPerSecond() {
        return writtenBytesPerSecond() * demand.replicas();
    }

    /** Out of all brokers: once to a worker or an ingress, and once to each broker with a further replica. */
    double brokerBytesOutPerSecond() {
        return writtenBytesPerSecond() * demand.replicas();
    }

    double brokerCores() {
        double once = Cost.BROKER.seconds() + Cost.BROKER_KIB.seconds() * kib();
        return demand.requestsPerSecond()
                * once
                * (1 + Cost.REPLICA.value() * (demand.replicas() - 1))
                / Cost.CORES.value();
    }

    int brokers() {
        double byCores = brokerCores() / demand.coresOfBroker();
        double byPartitions = (double) partitions() * demand.replicas() / Cost.PARTITIONS_OF_BROKER.value();
        return Math.max(demand.replicas(), atLeast(1, Math.max(byCores, byPartitions)));
    }

    /** Of all brokers, at the rate of the peak all the time. */
    double diskBytes() {
        double requests = (demand.requestBytes() + Cost.RECORD.value()) * demand.requestRetentionHours();
        double replies = (demand.replyBytes() + Cost.RECORD.value()) * demand.resultRetentionHours();
        return demand.requestsPerSecond() * HOUR * (requests + replies) * demand.replicas() / Cost.DISK.value();
    }

    /** Of the Redis that keeps outcomes, at the rate of the peak all the time. */
    double redisBytes() {
        double outcomes = demand.requestsPerSecond() * demand.keptShare() * demand.pollableHours() * HOUR;
        return outcomes * (demand.replyBytes() + Cost.REDIS.value());
    }

    /** HTTP, and half of what Kafka's clients cost: the other half is the workers'. */
    double ingressCores() {
        double http = Cost.HTTP.seconds() + Cost.HTTP_KIB.seconds() * kib();
        double clients = (Cost.CLIENTS.seconds() + Cost.CLIENTS_KIB.seconds() * kib()) / 2;
        return demand.requestsPerSecond() * (http + clients) / Cost.CORES.value();
    }

    /** Two at least, so that one can be lost. */
    int ingresses() {
        return atLeast(2, ingressCores() / demand.coresOfIngress());
    }

    private double kib() {
        return (demand.requestBytes() + demand.replyBytes()) / KIB;
    }

    private static int atLeast(int least, double number) {
        // A hair above a whole number is that number: doubles are not exact.
        return Math.max(least, (int) Math.ceil(number - 1e-9));
    }

    /** For people. */
    List<String> lines() {
        return List.of(
                line("workers, one GPU each", workers(), ""),
                line("GPUs per 1,000 requests/s", gpusPerThousandRequests(), ""),
                line("partitions of the request topic", partitions(), ""),
                line("ingresses", ingresses(), "of " + demand.coresOfIngress() + " cores"),
                line("brokers", brokers(), "of " + demand.coresOfBroker() + " cores"),
                line("into all brokers", brokerBytesInPerSecond() / MB, "MB/s"),
                line("out of all brokers", brokerBytesOutPerSecond() / MB, "MB/s"),
                line("disk of all brokers", diskBytes() / GB, "GB"),
                line("memory of Redis for outcomes", redisBytes() / GB, "GB"));
    }

    private static String line(String what, double value, String unit) {
        String number = String.format(Locale.ROOT, value == Math.rint(value) ? "%,.0f" : "%,.2f", value);
        return "%-33s%10s %s".formatted(what, number, unit).stripTrailing();
    }
}
