package dev.penstock.worker.reply;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Reply;
import dev.penstock.worker.accepted.SourceRecord;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.apache.kafka.common.header.Headers;

/**
 * The attributes of a reply to a CloudEvent, in the Kafka binding's binary mode. The reply is an event of its own, which names the request as
 * its cause (CloudEvents' extension <em>Correlation</em>). Its id follows from the request, so that a reply that is sent twice is one event.
 */
final class ReplyEvent {
    private static final String PREFIX = "ce_";
    private static final String ID = PREFIX + "id";

    /** Attributes that say what the request belongs to. The reply belongs to the same. */
    private static final Set<String> KEPT =
            Set.of(PREFIX + "subject", PREFIX + "correlationid", PREFIX + "traceparent", PREFIX + "tracestate");

    private final SourceRecord request;
    private final Map<String, byte[]> attributes = new LinkedHashMap<>();

    private ReplyEvent(SourceRecord request) {
        this.request = request;
        request.forEachHeader((name, value) -> {
            String attribute = name.toLowerCase(Locale.ROOT);
            if (attribute.startsWith(PREFIX) && value != null) {
                attributes.put(attribute, value);
            }
        });
    }

    /** Empty when the request is no event. */
    static Optional<ReplyEvent> to(SourceRecord request) {
        return Optional.of(new ReplyEvent(request)).filter(event -> event.attributes.containsKey(ID));
    }

    void write(Reply reply, Headers headers) {
        RecordHeaders.set(headers, PREFIX + "specversion", "1.0");
        RecordHeaders.set(headers, ID, id().toString());
        RecordHeaders.set(headers, PREFIX + "source", "tag:penstock.dev,2026:models/" + reply.model());
        RecordHeaders.set(
                headers,
                PREFIX + "type",
                "dev.penstock.inference." + reply.outcome().status());
        headers.add(PREFIX + "causationid", cause());
        attributes.forEach((name, value) -> {
            if (KEPT.contains(name)) {
                headers.add(name, value);
            }
        });
    }

    /** A topic that was made again has the same places once more, with other events. */
    private UUID id() {
        return UUID.nameUUIDFromBytes((request.origin() + " " + new String(cause(), UTF_8)).getBytes(UTF_8));
    }

    private byte[] cause() {
        return attributes.getOrDefault(ID, new byte[0]);
    }
}
