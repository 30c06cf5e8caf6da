package dev.penstock.worker.accepted;

/** One partition of a topic. */
public record LogPartition(String topic, int partition) {

    @Override
    public String toString() {
        return topic + "-" + partition;
    }
}
