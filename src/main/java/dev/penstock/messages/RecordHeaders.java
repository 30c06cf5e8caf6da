package dev.penstock.messages;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Lane;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;

/**
 * The names of Penstock's record headers, and methods that read and write them. Names are read without regard to case, since other systems
 * have their own ways to spell them.
 */
public final class RecordHeaders {
    public static final String CONTENT_TYPE = "content-type";
    public static final String JSON_LENGTH = "inference-header-content-length";
    public static final String CORRELATION_ID = "correlation-id";
    public static final String REPLY_TOPIC = "reply-topic";
    public static final String REPLY_PARTITION = "reply-partition";
    public static final String DEADLINE_MS = "deadline-ms";
    public static final String TIMEOUT_MS = "timeout-ms";

    /**
     * The lane of a request: {@code interactive} or {@code bulk}. Triton's numbers work too: 0 is the topic's lane, 1 is interactive, and
     * greater numbers are bulk. Without the header, the topic decides.
     */
    public static final String PRIORITY = "priority";

    public static final String TRACEPARENT = "traceparent";
    public static final String TRACESTATE = "tracestate";
    public static final String MODEL = "model";
    public static final String MODEL_VERSION = "model-version";
    public static final String STATUS = "status";
    public static final String BATCH_SIZE = "batch-size";
    public static final String QUEUE_MS = "queue-ms";
    public static final String FEATURES_MS = "features-ms";
    public static final String COMPUTE_MS = "compute-ms";

    /** On a dead letter: why the record could not be served. */
    public static final String DEAD_LETTER_ERROR = "penstock-error";

    /**
     * On a dead letter: how often workers ran the request before they gave up. 0 when it never ran: for example, the record could not be
     * decoded, or its reply topic is not allowed. Where processes ended it is the most that is possible: each worker counts that ended
     * while it may have run the request.
     */
    public static final String DEAD_LETTER_ATTEMPTS = "penstock-attempts";

    /** On a dead letter: the topic that the record was read from. */
    public static final String DEAD_LETTER_SOURCE_TOPIC = "penstock-source-topic";

    /** On a dead letter: the partition that the record was read from. */
    public static final String DEAD_LETTER_SOURCE_PARTITION = "penstock-source-partition";

    /** On a dead letter: the offset that the record was read from. */
    public static final String DEAD_LETTER_SOURCE_OFFSET = "penstock-source-offset";

    /**
     * On a dead letter that would have been too large with the record's value: the bytes of that value. The record itself is at its place in
     * the log, for as long as that topic keeps it.
     */
    public static final String DEAD_LETTER_TRUNCATED = "penstock-truncated";

    /** On a record of the dead-letter topic that is no letter: the letter, as {@code partition/offset}, that was replayed. */
    public static final String REPLAYED = "penstock-replayed";

    /** On a request that was replayed: its dead letter, as {@code topic/partition/offset}. */
    public static final String REPLAYED_FROM = "penstock-replayed-from";

    /**
     * On a reply to another system's topic: the request that it answers, as {@code topic/partition/offset} of its record. A request that a
     * worker passes on carries its first place.
     */
    public static final String SOURCE = "penstock-source";

    /** On a request: how often workers have passed it on. */
    public static final String PASSED_ON = "penstock-passed-on";

    /**
     * On a request: {@code 1} if it is the second copy of a synchronous call, whose first copy is in another partition. A worker that finds
     * it after its owner died leaves the call to the first copy.
     */
    public static final String COPY = "penstock-copy";

    /** On a request that was passed on: {@code 1} if a worker may have ended because of it, so that it has to run alone. */
    public static final String SUSPECT = "penstock-suspect";

    /** On a request: {@code 1} if an edge has sent it, so that no other centre is asked for it. */
    public static final String HOPS = "penstock-hops";

    private static final String SPRING_REPLY_TOPIC = "kafka_replyTopic";
    private static final String SPRING_REPLY_PARTITION = "kafka_replyPartition";
    private static final String SPRING_CORRELATION_ID = "kafka_correlationId";

    public static final String JSON = "application/json";
    public static final String BINARY = "application/octet-stream";

    private RecordHeaders() {}

    /** The value of the last header with this name. */
    public static Optional<byte[]> bytes(Headers headers, String name) {
        Optional<byte[]> last = Optional.empty();
        for (Header header : headers) {
            if (header.key().equalsIgnoreCase(name)) {
                last = Optional.ofNullable(header.value());
            }
        }
        return last;
    }

    /** The value of the last header with this name, decoded as UTF-8. */
    public static Optional<String> text(Headers headers, String name) {
        return bytes(headers, name).map(value -> new String(value, UTF_8));
    }

    /** The sender's id, by our name or else by Spring's. */
    public static Optional<CorrelationId> correlationId(Headers headers) {
        return bytes(headers, CORRELATION_ID)
                .or(() -> bytes(headers, SPRING_CORRELATION_ID))
                .map(CorrelationId::of);
    }

    /** Whether {@link #correlationId} may read a header with this name. */
    public static boolean isCorrelationId(String name) {
        return name.equalsIgnoreCase(CORRELATION_ID) || name.equalsIgnoreCase(SPRING_CORRELATION_ID);
    }

    /** The topic that the sender wants its reply on, by our name or else by Spring's. */
    public static Optional<String> replyTopic(Headers headers) {
        return text(headers, REPLY_TOPIC).or(() -> text(headers, SPRING_REPLY_TOPIC));
    }

    /**
     * The partition of that topic, by our name as text, or else by Spring's as four bytes.
     *
     * @throws InvalidRequestException if it is neither absent nor an integer of 0 or more
     */
    public static Optional<Long> replyPartition(Headers headers) throws InvalidRequestException {
        Optional<Long> ours = number(headers, REPLY_PARTITION, 0);
        Optional<byte[]> spring = bytes(headers, SPRING_REPLY_PARTITION);
        if (ours.isPresent() || spring.isEmpty()) {
            return ours;
        }
        // As a number, four digits would be a partition beyond any topic's.
        if (spring.get().length != Integer.BYTES || isDigits(spring.get())) {
            return number(headers, SPRING_REPLY_PARTITION, 0);
        }
        int partition = ByteBuffer.wrap(spring.get()).getInt();
        if (partition < 0) {
            throw new InvalidRequestException(SPRING_REPLY_PARTITION, "must be 0 or more, was " + partition);
        }
        return Optional.of((long) partition);
    }

    private static boolean isDigits(byte[] text) {
        for (byte each : text) {
            if (each < '0' || each > '9') {
                return false;
            }
        }
        return true;
    }

    /** @throws InvalidRequestException if the header is present and is not an integer of at least {@code min} */
    public static Optional<Long> number(Headers headers, String name, long min) throws InvalidRequestException {
        Optional<String> text = text(headers, name);
        if (text.isEmpty()) {
            return Optional.empty();
        }
        try {
            long value = Long.parseLong(text.get());
            if (value >= min) {
                return Optional.of(value);
            }
        } catch (NumberFormatException notANumber) {
            // Reported below, like a number out of range.
        }
        throw new InvalidRequestException(name, "must be an integer of at least " + min + ", was '" + text.get() + "'");
    }

    /**
     * The lane that {@link #PRIORITY} asks for; empty when the topic decides.
     *
     * @throws InvalidRequestException when it is neither a lane nor one of Triton's numbers
     */
    public static Optional<Lane> lane(Headers headers) throws InvalidRequestException {
        Optional<String> priority = text(headers, PRIORITY);
        return priority.isEmpty() ? Optional.empty() : Lane.ofPriority(PRIORITY, priority.get());
    }

    public static void set(Headers headers, String name, String value) {
        headers.add(name, value.getBytes(UTF_8));
    }

    /** Removes all headers with this name, whatever their case. */
    public static void remove(Headers headers, String name) {
        for (Header header : headers.toArray()) {
            if (header.key().equalsIgnoreCase(name)) {
                headers.remove(header.key());
            }
        }
    }

    /** The length of the JSON part in bytes; empty unless the value has the binary form. */
    public static OptionalInt jsonLength(Headers headers) throws InvalidRequestException {
        Optional<Long> length = number(headers, JSON_LENGTH, 0);
        return length.isPresent()
                ? OptionalInt.of((int) Math.min(length.get(), Integer.MAX_VALUE))
                : OptionalInt.empty();
    }
}
