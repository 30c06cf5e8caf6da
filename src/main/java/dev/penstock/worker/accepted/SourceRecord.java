package dev.penstock.worker.accepted;

import dev.penstock.messages.CorrelationId;
import dev.penstock.messages.RecordSource;
import dev.penstock.tracing.RequestTrace;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** A record as it stands in the log. Hides the Kafka client; a simulated record has no bytes. */
public interface SourceRecord {

    LogPartition partition();

    long offset();

    /** When it was appended to the log, in milliseconds since the epoch by the broker's clock. */
    long timestampMillis();

    /** Bytes of the value. */
    int bytes();

    /** The sender's id, or a random one when the sender set none. */
    CorrelationId correlationId();

    /** The model version that the record asks for; empty when it names none. */
    Optional<String> modelVersion();

    /** How often workers have passed the request on. */
    default int passedOn() {
        return 0;
    }

    /** Whether it is the second copy of a synchronous call, see {@link dev.penstock.messages.RecordHeaders#COPY}. */
    default boolean isCopy() {
        return false;
    }

    /** Whether a worker may have ended because of it, before it was passed on; see {@link dev.penstock.messages.RecordHeaders#SUSPECT}. */
    default boolean isSuspect() {
        return false;
    }

    /** Whether an edge has sent it, for callers of its own; see {@link dev.penstock.messages.RecordHeaders#HOPS}. */
    default boolean isFromEdge() {
        return false;
    }

    /** Where the request was first: its own place, unless a worker has passed it on. */
    default RecordSource origin() {
        return new RecordSource(partition().topic(), partition().partition(), offset());
    }

    /** Its trace at this worker. */
    default RequestTrace trace() {
        return RequestTrace.NONE;
    }

    byte @Nullable [] key();

    byte @Nullable [] value();

    /** Visits the name and the value of each header, in the order of the record. */
    void forEachHeader(BiConsumer<String, byte[]> visitor);

    /** Topic, partition and offset, for headers: {@code topic/partition/offset}. */
    default String address() {
        return new RecordSource(partition().topic(), partition().partition(), offset()).toString();
    }

    /** Topic, partition and offset, for log lines. */
    default String place() {
        return partition() + "@" + offset();
    }
}
