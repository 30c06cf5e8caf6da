package dev.penstock.simulation.capacity;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.local.EmbeddedRedis;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Topics;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.internal.DefaultRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Holds the costs to the pages that have the measurements, and to what a record and a real Redis need. */
class CostTest {
    private static final String ID = "x".repeat(43);
    private static final int OUTCOMES = 2000;
    private static final int OUTCOME_BYTES = 1024;

    @ParameterizedTest
    @EnumSource
    void aMeasuredCostStandsOnItsPage(Cost cost) throws IOException {
        if (cost.source().isMeasuredOnAPage()) {
            assertThat(Path.of(cost.source().page)).content().contains(cost.words());
        } else {
            assertThat(cost.words()).isNotBlank();
        }
    }

    @Test
    void theTableHasEachCost() throws IOException {
        String page = Files.readString(Path.of("docs/capacity.md"));

        assertThat(Stream.of(Cost.values()).map(Cost::row))
                .allSatisfy(row -> assertThat(page).contains(row));
    }

    @Test
    void knowsTheUnitsOfTime() {
        assertThat(Cost.HTTP.seconds()).isEqualTo(35e-6);
        assertThat(Cost.WAY.seconds()).isEqualTo(0.002);
        assertThat(Cost.STANDSTILL.seconds()).isEqualTo(1);
        assertThatThrownBy(Cost.RECORD::seconds).hasMessage("RECORD must be a time, was in bytes");
    }

    /** The frame is that of a record which is alone in its batch. */
    @Test
    void aRecordNeedsNoMoreBytesThanTheCostSays() {
        Map<String, String> request = Map.of(
                RecordHeaders.CORRELATION_ID,
                ID,
                RecordHeaders.REPLY_TOPIC,
                Topics.RESULTS,
                RecordHeaders.REPLY_PARTITION,
                "12",
                RecordHeaders.TIMEOUT_MS,
                "30000",
                RecordHeaders.MODEL_VERSION,
                "12",
                RecordHeaders.CONTENT_TYPE,
                RecordHeaders.BINARY,
                RecordHeaders.JSON_LENGTH,
                "1234",
                RecordHeaders.TRACEPARENT,
                "0".repeat(55));
        Map<String, String> reply = Map.of(
                RecordHeaders.CORRELATION_ID, ID,
                RecordHeaders.STATUS, "succeeded",
                RecordHeaders.MODEL, "a-model",
                RecordHeaders.MODEL_VERSION, "12",
                RecordHeaders.BATCH_SIZE, "32",
                RecordHeaders.QUEUE_MS, "123.456",
                RecordHeaders.FEATURES_MS, "123.456",
                RecordHeaders.COMPUTE_MS, "123.456",
                RecordHeaders.CONTENT_TYPE, RecordHeaders.BINARY,
                RecordHeaders.TRACEPARENT, "0".repeat(55));

        assertThat(frame(request)).isLessThanOrEqualTo((int) Cost.RECORD.value());
        assertThat(frame(reply)).isLessThanOrEqualTo((int) Cost.RECORD.value());
    }

    @Test
    void redisNeedsNoMoreMemoryThanTheCostSays() throws IOException {
        try (EmbeddedRedis redis = EmbeddedRedis.start();
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), redis.port());
                BufferedReader answers = new BufferedReader(new InputStreamReader(socket.getInputStream(), US_ASCII))) {
            long before = usedBytes(socket, answers);
            for (int i = 0; i < OUTCOMES; i++) {
                String key = "penstock:result:" + "%043d".formatted(i);
                send(socket, "SET %s %s NX PX 3600000".formatted(key, "v".repeat(OUTCOME_BYTES)));
                assertThat(answers.readLine()).isEqualTo("+OK");
            }
            double each = (usedBytes(socket, answers) - before) / (double) OUTCOMES;

            assertThat(each - OUTCOME_BYTES).isBetween(100.0, Cost.REDIS.value());
        }
    }

    private static int frame(Map<String, String> headers) {
        Header[] all = headers.entrySet().stream()
                .map(header ->
                        new RecordHeader(header.getKey(), header.getValue().getBytes(UTF_8)))
                .toArray(Header[]::new);
        int batchHeader = 61;
        return batchHeader
                + DefaultRecord.sizeInBytes(0, 0L, ByteBuffer.wrap(ID.getBytes(UTF_8)), ByteBuffer.allocate(0), all);
    }

    private static long usedBytes(Socket socket, BufferedReader answers) throws IOException {
        send(socket, "INFO memory");
        int left = Integer.parseInt(answers.readLine().substring(1));
        long used = 0;
        while (left > 0) {
            String line = answers.readLine();
            left -= line.length() + 2;
            if (line.startsWith("used_memory:")) {
                used = Long.parseLong(line.substring("used_memory:".length()));
            }
        }
        answers.readLine();
        return used;
    }

    private static void send(Socket socket, String command) throws IOException {
        socket.getOutputStream().write((command + "\r\n").getBytes(US_ASCII));
    }
}
