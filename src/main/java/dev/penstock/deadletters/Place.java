package dev.penstock.deadletters;

import java.util.Optional;
import org.apache.kafka.common.TopicPartition;

/** The place of a record in the log. */
record Place(TopicPartition partition, long offset) {

    /** Empty when the texts are no numbers. */
    static Optional<Place> of(String topic, String partition, String offset) {
        try {
            return Optional.of(
                    new Place(new TopicPartition(topic, Integer.parseInt(partition)), Long.parseLong(offset)));
        } catch (NumberFormatException broken) {
            return Optional.empty();
        }
    }

    @Override
    public String toString() {
        return partition.topic() + "/" + partition.partition() + "/" + offset;
    }
}
