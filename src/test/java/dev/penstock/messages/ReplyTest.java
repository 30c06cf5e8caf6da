package dev.penstock.messages;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.protocol.InvalidRequestException;
import java.io.IOException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Foreign or malformed records on Penstock's topics are recognized, and stop no reader. */
class ReplyTest {
    @Test
    void rejectsATombstone() {
        assertThatThrownBy(() -> Reply.read(headers("succeeded", "1.0"), null))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageStartingWith("value: must be");
    }

    @ParameterizedTest
    @ValueSource(strings = {"NaN", "Infinity", "1e999", "soon", "", "-0.5"})
    void rejectsATimeThatIsNotANumber(String time) {
        assertThatThrownBy(() -> Reply.read(headers("expired", time), new byte[0]))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("queue-ms: must be a finite, non-negative number");
    }

    @Test
    void rejectsABatchSizeBeyondInt() {
        Headers headers = headers("expired", "1").add("batch-size", "4294967295".getBytes(UTF_8));

        assertThatThrownBy(() -> Reply.read(headers, new byte[0]))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("batch-size: must be at most");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "7",
                "{}",
                "{\"model\":\"m\",\"version\":\"1\",\"worker\":\"w\",\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":{\"a\":1}}]}",
                "{\"model\":\"m\",\"version\":\"1\",\"worker\":\"w\",\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP33\",\"shape\":[1]}]}",
                "{\"model\":\"m\",\"version\":\"1\",\"worker\":\"w\",\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[-7]}]}"
            })
    void rejectsAnIncompleteAnnouncement(String json) {
        assertThatThrownBy(() -> Announcement.read(json.getBytes(UTF_8))).isInstanceOf(IOException.class);
    }

    /** A worker from before the interval was announced. */
    @Test
    void anAnnouncementWithoutACommitIntervalHasTheOneOfThatTime() throws IOException {
        assertThat(Announcement.read(announcement("").getBytes(UTF_8)).commitIntervalMs())
                .isEqualTo(100);
    }

    @Test
    void anAnnouncementCarriesItsCommitInterval() throws IOException {
        Announcement announcement =
                Announcement.read(announcement(",\"commit_interval_ms\":250").getBytes(UTF_8));

        assertThat(announcement.commitIntervalMs()).isEqualTo(250);
        assertThat(new String(announcement.toJson(), UTF_8)).contains("\"commit_interval_ms\":250");
        assertThat(Announcement.read(announcement.toJson())).isEqualTo(announcement);
        assertThat(announcement.notReady().commitIntervalMs()).isEqualTo(250);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-5"})
    void anAnnouncementWhoseCommitIntervalIsNoneIsRefused(String interval) {
        assertThatThrownBy(() -> Announcement.read(
                        announcement(",\"commit_interval_ms\":" + interval).getBytes(UTF_8)))
                .isInstanceOf(IOException.class)
                .hasMessage("commit_interval_ms must be at least 1, was " + interval);
    }

    private static String announcement(String more) {
        return """
                {"model":"m","version":"1","worker":"w","inputs":[],"outputs":[],"max_request_rows":8,
                "max_tensor_bytes":1000,"timeout_ms":0,"execution_provider":"cpu","ready":true%s}
                """.formatted(more);
    }

    @Test
    void readsWhatItWrote() throws InvalidRequestException {
        Reply reply = new Reply("42", "digits", "1", new Outcome.Cancelled(), Timings.NONE);
        Headers headers = new RecordHeaders();
        reply.writeHeaders(headers);

        assertThat(Reply.read(headers, reply.value())).isEqualTo(reply);
    }

    private static Headers headers(String status, String queueMs) {
        return new RecordHeaders()
                .add("status", status.getBytes(UTF_8))
                .add("correlation-id", "42".getBytes(UTF_8))
                .add("queue-ms", queueMs.getBytes(UTF_8));
    }
}
