package dev.penstock.worker.intake.rules;

import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Lane;
import dev.penstock.worker.accepted.AcceptedRecord;
import dev.penstock.worker.accepted.SourceRecord;
import dev.penstock.worker.loop.Task;
import java.util.OptionalLong;

/** Answers the questions of {@link IntakeRules} about a record. Production decodes bytes; a simulation has none. */
public interface RecordReader<S extends SourceRecord> {

    /** Whether this worker serves the version. */
    boolean serves(String modelVersion);

    /** The number of partitions of a request topic; 0 when it is not known. */
    int partitions(String topic);

    /**
     * When the request expires, by the broker's clock; empty when it has expired.
     *
     * @throws InvalidRequestException when the record's deadline is not a number
     */
    OptionalLong deadlineMillis(S record) throws InvalidRequestException;

    /**
     * Decodes the record for its version, which is served.
     *
     * @param topicLane the lane of the record's topic
     * @throws InvalidRequestException when the record breaks a rule of the protocol or of the model
     */
    Task decode(S record, AcceptedRecord accepted, Lane topicLane) throws InvalidRequestException;

    /** Whether the sender has cancelled the request. */
    boolean isCancelled(Task task);
}
