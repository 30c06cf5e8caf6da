package dev.penstock.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;

/**
 * The input format for Kafka records: header lines {@code name=value}, a zero byte, and the value. Without the zero byte the value is null.
 * The line {@code @timestamp=…} sets the timestamp instead of a header.
 */
public final class RecordInput {
    private static final String TIMESTAMP = "@timestamp";

    private RecordInput() {}

    public static ConsumerRecord<byte[], byte[]> read(byte[] input) {
        int end = 0;
        while (end < input.length && input[end] != 0) {
            end++;
        }
        RecordHeaders headers = new RecordHeaders();
        long timestamp = 1_800_000_000_000L;
        for (String line : new String(input, 0, end, UTF_8).split("\n", -1)) {
            String[] parts = line.split("=", 2);
            if (parts.length == 2 && parts[0].equals(TIMESTAMP)) {
                timestamp = number(parts[1]);
            } else if (parts.length == 2) {
                headers.add(parts[0], parts[1].getBytes(UTF_8));
            } else if (!line.isEmpty()) {
                headers.add(line, null);
            }
        }
        byte[] value = end == input.length ? null : Arrays.copyOfRange(input, end + 1, input.length);
        return new ConsumerRecord<>(
                "t",
                0,
                0,
                timestamp,
                TimestampType.CREATE_TIME,
                0,
                value == null ? -1 : value.length,
                null,
                value,
                headers,
                Optional.empty());
    }

    /** Kafka rejects negative timestamps. */
    private static long number(String text) {
        try {
            return Math.max(0, Long.parseLong(text));
        } catch (NumberFormatException notANumber) {
            return 0;
        }
    }
}
