package dev.penstock.ingress.outcomes;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.Reply;
import dev.penstock.messages.RequestId;
import dev.penstock.messages.Timings;
import dev.penstock.protocol.InferenceResponse;
import dev.penstock.protocol.NonFinite;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Problem;
import dev.penstock.protocol.codec.NoJsonFormException;
import dev.penstock.protocol.codec.ReaderLimits;
import dev.penstock.protocol.codec.ResponseReader;
import dev.penstock.protocol.codec.ResponseWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/** Writes the JSON document that a poll returns. */
public final class StatusDocument {
    private static final JsonFactory JSON = new JsonFactory();
    private static final ResponseReader RESPONSES = new ResponseReader(ReaderLimits.HIGHEST);

    private StatusDocument() {}

    /** Writes the document of a request without an outcome. It is reported as queued, since the ingress does not know whether it runs. */
    public static byte[] pending(RequestId id, Optional<String> model) {
        return write(json -> {
            json.writeStringField("id", id.toString());
            if (model.isPresent()) {
                json.writeStringField("model_name", model.get());
            }
            json.writeStringField("status", "queued");
            times(json, id);
        });
    }

    /** @param nonFinite the form of NaN and infinities in a response that was binary */
    public static byte[] completed(RequestId id, StoredResult result, NonFinite nonFinite) {
        Reply reply = result.reply();
        return write(json -> {
            json.writeStringField("id", id.toString());
            if (!reply.model().isEmpty()) {
                json.writeStringField("model_name", reply.model());
                json.writeStringField("model_version", reply.modelVersion());
            }
            json.writeStringField("status", reply.outcome().status());
            times(json, id);
            json.writeStringField("completed_at", result.completedAt().toString());
            timings(json, reply.timings());
            switch (reply.outcome()) {
                case Outcome.Succeeded succeeded -> response(json, succeeded.response(), nonFinite);
                case Outcome.Failed failed ->
                    raw(json, "error", ByteBuffer.wrap(failed.problem().toJson()));
                case Outcome.Expired expired -> raw(json, "error", ByteBuffer.wrap(reply.value()));
                case Outcome.Cancelled cancelled -> {}
            }
        });
    }

    private static void times(JsonGenerator json, RequestId id) throws IOException {
        json.writeStringField("submitted_at", id.issuedAt().toString());
        json.writeStringField("deadline", id.deadline().toString());
    }

    private static void timings(JsonGenerator json, Timings timings) throws IOException {
        json.writeObjectFieldStart("timings");
        json.writeNumberField("queue_ms", timings.queueMs());
        json.writeNumberField("features_ms", timings.featuresMs());
        json.writeNumberField("compute_ms", timings.computeMs());
        json.writeNumberField("batch_size", timings.batchSize());
        json.writeEndObject();
    }

    /** Writes a binary response as JSON too, since the document is JSON. */
    private static void response(JsonGenerator json, Payload payload, NonFinite nonFinite) throws IOException {
        if (payload.jsonLength().isEmpty()) {
            raw(json, "response", payload.bytes());
            return;
        }
        InferenceResponse response = RESPONSES.read(payload);
        try {
            raw(
                    json,
                    "response",
                    ResponseWriter.write(response, output -> false, nonFinite).bytes());
        } catch (NoJsonFormException onlyBinary) {
            raw(
                    json,
                    "error",
                    ByteBuffer.wrap(Problem.of(Problem.Kind.NOT_ACCEPTABLE, String.valueOf(onlyBinary.getMessage()))
                            .toJson()));
        }
    }

    private static void raw(JsonGenerator json, String member, ByteBuffer value) throws IOException {
        json.writeFieldName(member);
        json.writeRawValue(UTF_8.decode(value.duplicate()).toString());
    }

    private static byte[] write(Members members) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            members.write(json);
            json.writeEndObject();
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
        return bytes.toByteArray();
    }

    private interface Members {
        void write(JsonGenerator json) throws IOException;
    }
}
