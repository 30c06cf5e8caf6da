package dev.penstock.deadletters;

import dev.penstock.messages.CorrelationId;
import dev.penstock.messages.RecordHeaders;
import java.time.Instant;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * A record of a dead-letter topic.
 *
 * @param valueBytes the bytes of the value that the request had, whether the letter has it or not
 */
record DeadLetter(ConsumerRecord<byte[], byte[]> record, long valueBytes) {

    static DeadLetter of(ConsumerRecord<byte[], byte[]> record) {
        return new DeadLetter(
                record,
                RecordHeaders.text(record.headers(), RecordHeaders.DEAD_LETTER_TRUNCATED)
                        .filter(bytes -> bytes.matches("[0-9]{1,18}"))
                        .map(Long::parseLong)
                        .orElse((long) Math.max(0, record.serializedValueSize())));
    }

    /** Its name on the command line: {@code partition/offset}. */
    String name() {
        return record.partition() + "/" + record.offset();
    }

    /** The letter that this record says was replayed; empty when the record is a letter itself. */
    Optional<String> replayed() {
        return text(RecordHeaders.REPLAYED);
    }

    Instant at() {
        return Instant.ofEpochMilli(record.timestamp());
    }

    Optional<String> error() {
        return text(RecordHeaders.DEAD_LETTER_ERROR);
    }

    Optional<String> attempts() {
        return text(RecordHeaders.DEAD_LETTER_ATTEMPTS);
    }

    Optional<CorrelationId> correlationId() {
        return RecordHeaders.correlationId(record.headers());
    }

    /** Where the record was that could not be served; empty when the letter does not say. */
    Optional<Place> source() {
        return text(RecordHeaders.DEAD_LETTER_SOURCE_TOPIC)
                .flatMap(topic -> Place.of(
                        topic,
                        text(RecordHeaders.DEAD_LETTER_SOURCE_PARTITION).orElse(""),
                        text(RecordHeaders.DEAD_LETTER_SOURCE_OFFSET).orElse("")));
    }

    /** Whether the letter is only headers, and the record is to be found at its source. */
    boolean isTruncated() {
        return text(RecordHeaders.DEAD_LETTER_TRUNCATED).isPresent();
    }

    /** Without the value, of which a list has no use. */
    DeadLetter withoutValue() {
        return new DeadLetter(
                new ConsumerRecord<>(
                        record.topic(),
                        record.partition(),
                        record.offset(),
                        record.timestamp(),
                        record.timestampType(),
                        record.serializedKeySize(),
                        record.serializedValueSize(),
                        record.key(),
                        null,
                        record.headers(),
                        record.leaderEpoch()),
                valueBytes);
    }

    private Optional<String> text(String header) {
        return RecordHeaders.text(record.headers(), header);
    }
}
