package dev.penstock.messages;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Lane;
import java.util.Optional;
import org.apache.kafka.common.header.Headers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecordHeadersTest {

    @ParameterizedTest
    @CsvSource({"interactive, INTERACTIVE", "bulk, BULK", "1, INTERACTIVE", "2, BULK", "4294967295, BULK"})
    void readsTheLaneByNameAndByTritonsNumbers(String priority, Lane lane) throws InvalidRequestException {
        assertThat(RecordHeaders.lane(priority(priority))).hasValue(lane);
    }

    @Test
    void leavesTheLaneToTheTopicByDefault() throws InvalidRequestException {
        assertThat(RecordHeaders.lane(new org.apache.kafka.common.header.internals.RecordHeaders()))
                .isEqualTo(Optional.empty());
        assertThat(RecordHeaders.lane(priority("0"))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"fast", "BULK", "-1", "01", "1.0", ""})
    void rejectsAnyOtherPriority(String priority) {
        assertThatThrownBy(() -> RecordHeaders.lane(priority(priority)))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("priority")
                .hasMessageContaining("must be interactive, bulk, or a number")
                .hasMessageContaining("was '" + priority + "'");
    }

    @Test
    void readsNamesWithoutRegardToCaseAndTheLastOfThem() {
        Headers headers = headers().add("Reply-Topic", text("a")).add("REPLY-TOPIC", text("b"));

        assertThat(RecordHeaders.replyTopic(headers)).hasValue("b");
        RecordHeaders.remove(headers, RecordHeaders.REPLY_TOPIC);
        assertThat(headers).isEmpty();
    }

    @Test
    void readsSpringsNamesWhereOursAreAbsent() throws InvalidRequestException {
        byte[] id = {(byte) 0xff, 0, 1};
        Headers springs = headers()
                .add("kafka_replyTopic", text("a"))
                .add("kafka_replyPartition", new byte[] {0, 0, 1, 2})
                .add("kafka_correlationId", id);

        assertThat(RecordHeaders.replyTopic(springs)).hasValue("a");
        assertThat(RecordHeaders.replyPartition(springs)).hasValue(258L);
        assertThat(RecordHeaders.correlationId(springs)).hasValue(CorrelationId.of(id));
        springs.add("reply-topic", text("b")).add("reply-partition", text("3")).add("correlation-id", text("c"));
        assertThat(RecordHeaders.replyTopic(springs)).hasValue("b");
        assertThat(RecordHeaders.replyPartition(springs)).hasValue(3L);
        assertThat(RecordHeaders.correlationId(springs)).hasValue(CorrelationId.of("c"));
    }

    @Test
    void readsAPartitionInFourDigitsAsText() throws InvalidRequestException {
        assertThat(RecordHeaders.replyPartition(headers().add("kafka_replyPartition", text("1000"))))
                .hasValue(1000L);
    }

    @Test
    void rejectsAPartitionBelowZero() {
        Headers negative = headers().add("kafka_replyPartition", new byte[] {-1, -1, -1, -1});

        assertThatThrownBy(() -> RecordHeaders.replyPartition(negative))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("kafka_replyPartition: must be 0 or more, was -1");
    }

    private static Headers headers() {
        return new org.apache.kafka.common.header.internals.RecordHeaders();
    }

    private static byte[] text(String text) {
        return text.getBytes(UTF_8);
    }

    private static Headers priority(String value) {
        Headers headers = new org.apache.kafka.common.header.internals.RecordHeaders();
        RecordHeaders.set(headers, RecordHeaders.PRIORITY, value);
        return headers;
    }
}
