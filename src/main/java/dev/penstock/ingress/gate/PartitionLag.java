package dev.penstock.ingress.gate;

/**
 * How far one partition of a request topic is behind, as Kafka reports it.
 *
 * @param end the number of records ever written
 * @param committed how many of them were answered
 */
record PartitionLag(int partition, long end, long committed) {
    long records() {
        return Math.max(0, end - committed);
    }
}
