package dev.penstock.deadletters;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.messages.CorrelationId;
import java.io.PrintStream;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/** Prints letters for people, or as one JSON object per line. */
final class LetterPrinter {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String ROW = "%-10s %-24s %8s %10s  %-8s %-40s %-36s %s%n";

    private final PrintStream out;
    private final boolean isJson;

    LetterPrinter(PrintStream out, boolean isJson) {
        this.out = out;
        this.isJson = isJson;
    }

    void heading() {
        if (!isJson) {
            out.printf(
                    Locale.ROOT,
                    ROW,
                    "LETTER",
                    "WHEN",
                    "ATTEMPTS",
                    "BYTES",
                    "REPLAYED",
                    "SOURCE",
                    "CORRELATION-ID",
                    "WHY");
        }
    }

    void row(DeadLetter letter, boolean wasReplayed) {
        if (isJson) {
            print(summary(letter, wasReplayed));
        } else {
            out.printf(
                    Locale.ROOT,
                    ROW,
                    letter.name(),
                    letter.at(),
                    letter.attempts().orElse("-"),
                    letter.valueBytes(),
                    wasReplayed ? "yes" : "no",
                    letter.source().map(Place::toString).orElse("-"),
                    letter.correlationId().map(CorrelationId::toString).orElse("-"),
                    letter.error().orElse("-").replaceAll("\\s+", " "));
        }
    }

    /** @param original empty when the log no longer has the record */
    void show(DeadLetter letter, boolean wasReplayed, Optional<ConsumerRecord<byte[], byte[]>> original) {
        if (isJson) {
            print(whole(letter, wasReplayed, original));
            return;
        }
        heading();
        row(letter, wasReplayed);
        out.println();
        ConsumerRecord<byte[], byte[]> record = original.orElse(letter.record());
        for (Header header : record.headers()) {
            out.println(header.key() + ": " + text(header.value()));
        }
        out.println();
        if (original.isEmpty()) {
            out.println("(The letter is headers alone, and its record is no longer in the log.)");
        } else {
            out.println("key: " + text(record.key()));
            out.println("value: " + text(record.value()));
        }
    }

    void replayed(DeadLetter letter, Replay.Result result) {
        if (isJson) {
            ObjectNode line = JSON.createObjectNode().put("letter", letter.name());
            switch (result) {
                case Replay.Result.Published(String topic) ->
                    line.put("result", "replayed").put("to", topic);
                case Replay.Result.WasReplayed before -> line.put("result", "replayed-before");
                case Replay.Result.NotPublished(String why) ->
                    line.put("result", "not-replayed").put("why", why);
            }
            print(line);
            return;
        }
        out.println(letter.name()
                + switch (result) {
                    case Replay.Result.Published(String topic) -> " is replayed to " + topic;
                    case Replay.Result.WasReplayed before -> " was replayed before";
                    case Replay.Result.NotPublished(String why) -> " cannot be replayed: " + why;
                });
    }

    private static ObjectNode summary(DeadLetter letter, boolean wasReplayed) {
        ObjectNode line = JSON.createObjectNode()
                .put("letter", letter.name())
                .put("when", letter.at().toString())
                .put("why", letter.error().orElse(null))
                .put("attempts", letter.attempts().orElse(null))
                .put("source", letter.source().map(Place::toString).orElse(null))
                .put("bytes", letter.valueBytes())
                .put("truncated", letter.isTruncated())
                .put("replayed", wasReplayed);
        line.put(
                "correlation_id",
                letter.correlationId().map(CorrelationId::toString).orElse(null));
        return line;
    }

    private static ObjectNode whole(
            DeadLetter letter, boolean wasReplayed, Optional<ConsumerRecord<byte[], byte[]>> original) {
        ObjectNode whole = summary(letter, wasReplayed);
        ConsumerRecord<byte[], byte[]> record = original.orElse(letter.record());
        for (Header header : record.headers()) {
            whole.withArray("headers").addObject().put("name", header.key()).put("base64", base64(header.value()));
        }
        whole.put("found", original.isPresent());
        return whole.put("key_base64", base64(record.key())).put("value_base64", base64(record.value()));
    }

    private static @Nullable String base64(byte @Nullable [] bytes) {
        return bytes == null ? null : Base64.getEncoder().encodeToString(bytes);
    }

    private static String text(byte @Nullable [] bytes) {
        return bytes == null ? "(none)" : CorrelationId.of(bytes).toString();
    }

    private void print(ObjectNode line) {
        try {
            out.println(JSON.writeValueAsString(line));
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException("a JSON tree can always be written", impossible);
        }
    }
}
