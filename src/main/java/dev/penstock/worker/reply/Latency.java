package dev.penstock.worker.reply;

import dev.penstock.messages.RequestIds;
import dev.penstock.messages.Topics;
import dev.penstock.worker.accepted.AcceptedRecord;
import dev.penstock.worker.accepted.ReplyAddress;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/** How long a request took from its acceptance, as far as the worker is the one to say so. */
final class Latency {
    /** An ingress holds no request for longer before it is in the log; a greater difference is that of two clocks. */
    private static final Duration LONGEST_HELD = Duration.ofSeconds(30);

    private Latency() {}

    /**
     * Nanoseconds; empty for a synchronous call, whose ingress observes the whole call.
     *
     * @param sinceArrivalNanos the time since the record came into the log
     */
    static OptionalLong nanos(AcceptedRecord record, long sinceArrivalNanos) {
        if (record.replyTo().filter(to -> to.topic().equals(Topics.REPLIES)).isPresent()) {
            return OptionalLong.empty();
        }
        boolean isOurs = record.replyTo().filter(ReplyAddress::isOurs).isPresent();
        return OptionalLong.of(sinceArrivalNanos + (isOurs ? heldNanos(record) : 0));
    }

    /** From the issue of the id at the ingress to the arrival in the log; 0 where the two clocks disagree. */
    private static long heldNanos(AcceptedRecord record) {
        OptionalLong issued = RequestIds.issuedMillis(record.correlationId());
        long millis = issued.isPresent() ? record.source().timestampMillis() - issued.getAsLong() : 0;
        return millis >= 0 && millis <= LONGEST_HELD.toMillis() ? TimeUnit.MILLISECONDS.toNanos(millis) : 0;
    }
}
