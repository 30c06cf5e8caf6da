package dev.penstock.worker.reply;

import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

/** What became of a record that was given to a producer. */
sealed interface Fate {

    /** The broker has acknowledged it. */
    record Written() implements Fate {}

    /** It is not written: it is larger than the topic, or the producer, takes. */
    record TooLarge(Exception reason) implements Fate {}

    /** It is not written, and no other try helps until somebody changes the topic or a right. */
    record Refused(Exception reason) implements Fate {}

    /**
     * The producer gave up, and another try may succeed.
     *
     * @param maybeWritten false when the record was never sent to a broker
     */
    record Unsettled(Exception reason, boolean maybeWritten) implements Fate {}

    /**
     * @param failure null when there was none
     * @param wasSent whether the producer took the record; otherwise it failed at once, for example for want of metadata
     */
    static Fate of(@Nullable Exception failure, boolean wasSent) {
        return switch (failure) {
            case null -> new Written();
            case RecordTooLargeException tooLarge -> new TooLarge(tooLarge);
            case AuthorizationException denied -> new Refused(denied);
            case UnknownTopicOrPartitionException gone -> new Refused(gone);
            case InvalidTopicException invalid -> new Refused(invalid);
            case SerializationException invalid -> new Refused(invalid);
            default -> new Unsettled(failure, wasSent);
        };
    }
}
