package dev.penstock.worker.accepted;

import dev.penstock.messages.CorrelationId;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** A record as it stands in the log. Hides the Kafka client; a simulated record has no bytes. */
public interface SourceRecord {

    LogPartition partition();

    long offset();

    /** Bytes of the value. */
    int bytes();

    /** The sender's id, or a random one when the sender set none. */
    CorrelationId correlationId();

    /** The model version that the record asks for; empty when it names none. */
    Optional<String> modelVersion();

    byte @Nullable [] key();

    byte @Nullable [] value();

    /** Visits the name and the value of each header, in the order of the record. */
    void forEachHeader(BiConsumer<String, byte[]> visitor);

    /** Topic, partition and offset, for headers: {@code topic/partition/offset}. */
    default String address() {
        return partition().topic() + "/" + partition().partition() + "/" + offset();
    }

    /** Topic, partition and offset, for log lines. */
    default String place() {
        return partition() + "@" + offset();
    }
}
