package dev.penstock.worker.reply;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.messages.CorrelationId;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.Reply;
import dev.penstock.messages.Timings;
import dev.penstock.worker.accepted.LogPartition;
import dev.penstock.worker.accepted.SourceRecord;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ReplyEventTest {
    private static final Map<String, String> ORDER =
            Map.of("ce_id", "7", "ce_source", "/billing", "ce_type", "order", "ce_subject", "anna", "ce_dataref", "x");

    @Test
    void isAnEventOfItsOwnThatNamesItsCause() {
        assertThat(attributes(0, ORDER))
                .containsOnlyKeys("ce_specversion", "ce_id", "ce_source", "ce_type", "ce_causationid", "ce_subject")
                .containsEntry("ce_specversion", "1.0")
                .containsEntry("ce_source", "tag:penstock.dev,2026:models/m")
                .containsEntry("ce_type", "dev.penstock.inference.cancelled")
                .containsEntry("ce_causationid", "7")
                .containsEntry("ce_subject", "anna");
    }

    /** A reply that is sent twice is one event, and the reply to another request another. */
    @Test
    void hasTheIdOfItsRequest() {
        Object id = attributes(0, ORDER).get("ce_id");

        assertThat(attributes(0, ORDER)).containsEntry("ce_id", String.valueOf(id));
        assertThat(attributes(1, ORDER).get("ce_id")).isNotEqualTo(id);
        assertThat(attributes(0, Map.of("ce_id", "8")).get("ce_id")).isNotEqualTo(id);
    }

    @Test
    void isNoneWhereTheRequestIsNone() {
        assertThat(ReplyEvent.to(request(0, Map.of("ce_source", "/billing")))).isEmpty();
    }

    private static Map<String, String> attributes(long offset, Map<String, String> ofRequest) {
        RecordHeaders headers = new RecordHeaders();
        ReplyEvent.to(request(offset, ofRequest))
                .orElseThrow()
                .write(new Reply("id", "m", "1", new Outcome.Cancelled(), Timings.NONE), headers);
        Map<String, String> attributes = new TreeMap<>();
        headers.forEach(header -> attributes.put(header.key(), new String(header.value(), UTF_8)));
        return attributes;
    }

    private static SourceRecord request(long offset, Map<String, String> headers) {
        return new SourceRecord() {
            @Override
            public LogPartition partition() {
                return new LogPartition("t", 0);
            }

            @Override
            public long offset() {
                return offset;
            }

            @Override
            public long timestampMillis() {
                return 0;
            }

            @Override
            public int bytes() {
                return 0;
            }

            @Override
            public CorrelationId correlationId() {
                return CorrelationId.of("id");
            }

            @Override
            public Optional<String> modelVersion() {
                return Optional.empty();
            }

            @Override
            public byte @Nullable [] key() {
                return null;
            }

            @Override
            public byte @Nullable [] value() {
                return null;
            }

            @Override
            public void forEachHeader(BiConsumer<String, byte[]> visitor) {
                headers.forEach((name, value) -> visitor.accept(name, value.getBytes(UTF_8)));
            }
        };
    }
}
