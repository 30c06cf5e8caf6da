package dev.penstock.messages;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.protocol.InvalidRequestException;
import java.util.HexFormat;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CorrelationIdTest {
    /** As Spring's replying template makes them: a UUID as 16 bytes. */
    private static final byte[] BINARY = HexFormat.of().parseHex("00ff8004c0fee0f1a5a5deadbeef9f92");

    @Test
    void aReplyCarriesTheSameBytes() throws InvalidRequestException {
        Reply reply = new Reply(CorrelationId.of(BINARY), "m", "1", new Outcome.Expired(), Timings.NONE);
        Headers headers = new RecordHeaders();

        reply.writeHeaders(headers);

        assertThat(headers.lastHeader("correlation-id").value()).isEqualTo(BINARY);
        assertThat(Reply.read(headers, new byte[0])).isEqualTo(reply);
    }

    @ParameterizedTest
    @CsvSource({"3432, 42", "c3a4, ä", "00ff, 0x00ff", "0a, 0x0a", "c3, 0xc3", "'', ''"})
    void isShownAsTextWhereItIsTextAndInHexadecimalDigitsOtherwise(String hex, String shown) {
        assertThat(CorrelationId.of(HexFormat.of().parseHex(hex))).hasToString(shown);
    }
}
