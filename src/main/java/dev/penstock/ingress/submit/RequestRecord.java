package dev.penstock.ingress.submit;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.ingress.call.Call;
import dev.penstock.ingress.call.CheckedCall;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.RequestId;
import dev.penstock.messages.Topics;
import java.util.OptionalInt;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/** Writes a checked call as the record that workers read. Its partition is left to the producer where none is given. */
final class RequestRecord {
    private RequestRecord() {}

    /** Writes a request whose reply goes to the ingress that reads that partition of {@code penstock.replies}. */
    static ProducerRecord<byte[], byte[]> repliedTo(
            int replyPartition, CheckedCall checked, RequestId id, OptionalInt partition) {
        ProducerRecord<byte[], byte[]> record = record(checked, id, partition, null, Topics.REPLIES);
        RecordHeaders.set(record.headers(), RecordHeaders.REPLY_PARTITION, Integer.toString(replyPartition));
        return record;
    }

    /** Writes a request whose outcome is kept. Its key is its id. */
    static ProducerRecord<byte[], byte[]> kept(CheckedCall checked, RequestId id, OptionalInt partition) {
        return record(checked, id, partition, id.toString().getBytes(UTF_8), Topics.RESULTS);
    }

    private static ProducerRecord<byte[], byte[]> record(
            CheckedCall checked, RequestId id, OptionalInt partition, byte @Nullable [] key, String replyTopic) {
        Call call = checked.call();
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(
                Topics.requests(call.model(), checked.lane()),
                partition.isPresent() ? partition.getAsInt() : null,
                key,
                call.payload().array());
        Headers headers = record.headers();
        RecordHeaders.set(headers, RecordHeaders.CORRELATION_ID, id.toString());
        RecordHeaders.set(headers, RecordHeaders.REPLY_TOPIC, replyTopic);
        RecordHeaders.set(
                headers,
                RecordHeaders.TIMEOUT_MS,
                Long.toString(checked.timeout().toMillis()));
        RecordHeaders.set(headers, RecordHeaders.MODEL_VERSION, checked.version());
        call.trace().publishing(id.toString(), call.model(), record.topic()).write(headers);
        if (call.isFromEdge()) {
            RecordHeaders.set(headers, RecordHeaders.HOPS, "1");
        }
        if (call.payload().jsonLength().isPresent()) {
            RecordHeaders.set(headers, RecordHeaders.CONTENT_TYPE, RecordHeaders.BINARY);
            RecordHeaders.set(
                    headers,
                    RecordHeaders.JSON_LENGTH,
                    Integer.toString(call.payload().jsonLength().getAsInt()));
        }
        return record;
    }
}
