package dev.penstock.messages;

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

    private static Headers priority(String value) {
        Headers headers = new org.apache.kafka.common.header.internals.RecordHeaders();
        RecordHeaders.set(headers, RecordHeaders.PRIORITY, value);
        return headers;
    }
}
