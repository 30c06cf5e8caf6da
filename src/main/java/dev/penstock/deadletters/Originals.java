package dev.penstock.deadletters;

import dev.penstock.messages.RecordHeaders;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;

/** Finds the record as it came: the letter itself, or for a letter that is headers alone the record at its source. */
final class Originals {
    /** The headers that workers add, and those that made sense for one attempt only. */
    private static final Set<String> NOT_THE_SENDERS = Set.of(
            RecordHeaders.DEAD_LETTER_ERROR,
            RecordHeaders.DEAD_LETTER_ATTEMPTS,
            RecordHeaders.DEAD_LETTER_SOURCE_TOPIC,
            RecordHeaders.DEAD_LETTER_SOURCE_PARTITION,
            RecordHeaders.DEAD_LETTER_SOURCE_OFFSET,
            RecordHeaders.DEAD_LETTER_TRUNCATED,
            RecordHeaders.REPLAYED_FROM,
            RecordHeaders.SOURCE,
            RecordHeaders.PASSED_ON,
            RecordHeaders.SUSPECT);

    private final TopicReader reader;

    Originals(TopicReader reader) {
        this.reader = reader;
    }

    /** Empty when the log no longer has the record. */
    Optional<ConsumerRecord<byte[], byte[]>> find(DeadLetter letter) {
        return letter.isTruncated()
                ? letter.source().flatMap(reader::read).filter(record -> belongsTo(letter, record))
                : Optional.of(letter.record());
    }

    /** A topic that was made again has other records at the same places. */
    private static boolean belongsTo(DeadLetter letter, ConsumerRecord<byte[], byte[]> record) {
        return record.timestamp() <= letter.record().timestamp()
                && Math.max(0, record.serializedValueSize()) == letter.valueBytes()
                && letter.correlationId().stream()
                        .allMatch(id -> DeadLetter.of(record)
                                .correlationId()
                                .filter(id::equals)
                                .isPresent());
    }

    /** The sender's headers. */
    static void copyHeaders(Headers from, Headers to) {
        for (Header header : from) {
            if (!NOT_THE_SENDERS.contains(header.key())) {
                to.add(header);
            }
        }
    }
}
