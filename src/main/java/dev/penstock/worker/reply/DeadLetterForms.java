package dev.penstock.worker.reply;

import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Topics;
import dev.penstock.worker.accepted.AcceptedRecord;
import dev.penstock.worker.accepted.SourceRecord;
import java.util.Optional;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * A dead letter: the record as it came; then its key and headers alone; then only the reason and the record's place in the log. Its own
 * headers go last, so that they count even if the sender has set some of the same name.
 */
final class DeadLetterForms implements Forms {
    private static final int REASON_CHARS = 2000;
    private static final int LEAST_REASON_CHARS = 100;
    private static final int LEAST_ID_BYTES = 64;

    private final String model;
    private final AcceptedRecord record;
    private final String reason;

    DeadLetterForms(String model, AcceptedRecord record, String reason) {
        this.model = model;
        this.record = record;
        this.reason = reason;
    }

    @Override
    public String topic() {
        return Topics.deadLetters(model);
    }

    @Override
    public Optional<ProducerRecord<byte[], byte[]>> form(int number) {
        return switch (number) {
            case 0 -> Optional.of(complete());
            case 1 -> Optional.of(headersAlone());
            case 2 -> Optional.of(pointer());
            default -> Optional.empty();
        };
    }

    private ProducerRecord<byte[], byte[]> complete() {
        SourceRecord source = record.source();
        ProducerRecord<byte[], byte[]> letter = letter(source.key(), source.value());
        source.forEachHeader(letter.headers()::add);
        own(letter.headers(), REASON_CHARS);
        return letter;
    }

    private ProducerRecord<byte[], byte[]> headersAlone() {
        ProducerRecord<byte[], byte[]> letter = letter(record.source().key(), null);
        record.source().forEachHeader(letter.headers()::add);
        own(letter.headers(), REASON_CHARS);
        truncated(letter.headers());
        return letter;
    }

    ProducerRecord<byte[], byte[]> pointer() {
        ProducerRecord<byte[], byte[]> letter = letter(null, null);
        if (record.correlationId().bytes().length <= LEAST_ID_BYTES) {
            letter.headers()
                    .add(RecordHeaders.CORRELATION_ID, record.correlationId().bytes());
        }
        own(letter.headers(), LEAST_REASON_CHARS);
        truncated(letter.headers());
        return letter;
    }

    private ProducerRecord<byte[], byte[]> letter(byte @Nullable [] key, byte @Nullable [] value) {
        return new ProducerRecord<>(topic(), null, key, value);
    }

    private void own(Headers headers, int reasonChars) {
        SourceRecord source = record.source();
        headers.remove(RecordHeaders.DEAD_LETTER_TRUNCATED);
        headers.remove(RecordHeaders.REPLAYED);
        RecordHeaders.set(headers, RecordHeaders.DEAD_LETTER_ERROR, Texts.atMost(reasonChars, reason));
        RecordHeaders.set(headers, RecordHeaders.DEAD_LETTER_ATTEMPTS, Integer.toString(record.runs()));
        RecordHeaders.set(
                headers,
                RecordHeaders.DEAD_LETTER_SOURCE_TOPIC,
                source.partition().topic());
        RecordHeaders.set(
                headers,
                RecordHeaders.DEAD_LETTER_SOURCE_PARTITION,
                Integer.toString(source.partition().partition()));
        RecordHeaders.set(headers, RecordHeaders.DEAD_LETTER_SOURCE_OFFSET, Long.toString(source.offset()));
    }

    private void truncated(Headers headers) {
        RecordHeaders.set(
                headers,
                RecordHeaders.DEAD_LETTER_TRUNCATED,
                Integer.toString(record.source().bytes()));
    }
}
