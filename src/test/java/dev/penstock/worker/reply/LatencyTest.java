package dev.penstock.worker.reply;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.messages.RequestIds;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.Lane;
import dev.penstock.worker.accepted.AcceptedRecord;
import dev.penstock.worker.accepted.AcceptedRecords;
import dev.penstock.worker.accepted.LogPartition;
import dev.penstock.worker.accepted.ReplyAddress;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class LatencyTest {
    private static final RequestIds IDS = new RequestIds("a key of 16 bytes or more".getBytes(UTF_8));
    private static final long ARRIVED_MILLIS = 1_800_000_000_000L;
    private static final long MILLI = 1_000_000;

    @Test
    void ofAKeptRequestBeginsWhenTheIngressAcceptedIt() {
        assertThat(nanos(Topics.RESULTS, idOf(ARRIVED_MILLIS - 40))).hasValue(47 * MILLI);
    }

    @Test
    void beginsInTheLogWhereTheClocksDisagree() {
        assertThat(nanos(Topics.RESULTS, idOf(ARRIVED_MILLIS + 1))).hasValue(7 * MILLI);
        assertThat(nanos(Topics.RESULTS, idOf(ARRIVED_MILLIS - 30_001))).hasValue(7 * MILLI);
    }

    /** Whatever its id looks like. */
    @Test
    void ofAnotherSystemsRequestBeginsInTheLog() {
        assertThat(nanos("penstock.replies.billing", idOf(ARRIVED_MILLIS - 40))).hasValue(7 * MILLI);
        assertThat(nanos(Topics.RESULTS, "not one of our ids, though of the length.!!"))
                .hasValue(7 * MILLI);
        assertThat(Latency.nanos(record("42"), 7 * MILLI)).hasValue(7 * MILLI);
    }

    @Test
    void ofASynchronousCallIsObservedAtTheIngress() {
        assertThat(nanos(Topics.REPLIES, idOf(ARRIVED_MILLIS - 40))).isEmpty();
    }

    private static OptionalLong nanos(String replyTopic, String id) {
        AcceptedRecord record = record(id);
        record.replyTo(new ReplyAddress(replyTopic, Optional.empty()));
        return Latency.nanos(record, 7 * MILLI);
    }

    /** A record whose timestamp is its offset. */
    private static AcceptedRecord record(String id) {
        return AcceptedRecords.ledger()
                .open(AcceptedRecords.source(new LogPartition("t", 0), ARRIVED_MILLIS, 0, id), Lane.INTERACTIVE, "1");
    }

    private static String idOf(long issuedMillis) {
        return IDS.issue(issuedMillis, 1000, 1, 2, 3).toString();
    }
}
