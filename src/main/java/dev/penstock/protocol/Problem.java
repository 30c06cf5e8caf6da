package dev.penstock.protocol;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An error that is sent to a client: an RFC 9457 problem document, or the protocol's own form. The v2 member {@code error} repeats
 * {@code detail}.
 *
 * @param type a URI; Penstock's own types start with {@link #PREFIX}
 * @param members extension members such as {@code field}, {@code rule} or {@code id}. Values are strings, numbers, booleans, and
 *     lists of them
 */
public record Problem(String type, String title, int status, String detail, Map<String, Object> members) {
    public static final String CONTENT_TYPE = "application/problem+json";
    public static final String PREFIX = "tag:penstock.dev,2026:problem/";

    private static final String IANA = "https://iana.org/assignments/http-problem-types#";
    private static final JsonFactory JSON = new JsonFactory();

    /** Penstock's problem types, each with its HTTP status. */
    public enum Kind {
        INVALID_REQUEST(PREFIX + "invalid-request", 400, "The request breaks a rule"),
        UNAUTHENTICATED(PREFIX + "unauthenticated", 401, "No valid credential"),
        FORBIDDEN(PREFIX + "forbidden", 403, "Not allowed"),
        NOT_FOUND(PREFIX + "not-found", 404, "Not found"),
        FEATURES_MISSING(PREFIX + "features-missing", 404, "No such entity"),
        METHOD_NOT_ALLOWED(PREFIX + "method-not-allowed", 405, "Method not allowed"),
        NOT_ACCEPTABLE(PREFIX + "not-acceptable", 406, "No acceptable response format"),
        CANCELLED(PREFIX + "cancelled", 409, "The request was cancelled"),
        ALREADY_COMPLETED(PREFIX + "already-completed", 409, "The request already has its outcome"),
        GONE(PREFIX + "gone", 410, "The result is no longer kept"),
        BODY_TIMEOUT(PREFIX + "body-timeout", 408, "The body did not arrive in time"),
        HEADER_TIMEOUT(PREFIX + "header-timeout", 408, "The headers did not arrive in time"),
        LENGTH_REQUIRED(PREFIX + "length-required", 411, "The body must declare its length"),
        PAYLOAD_TOO_LARGE(PREFIX + "payload-too-large", 413, "The request or its answer is too large"),
        URI_TOO_LONG(PREFIX + "uri-too-long", 414, "The URI is too long"),
        UNSUPPORTED_MEDIA_TYPE(PREFIX + "unsupported-media-type", 415, "Unsupported media type or encoding"),
        EXPECTATION_FAILED(PREFIX + "expectation-failed", 417, "The expectation cannot be met"),
        IDEMPOTENCY_KEY_REUSED(
                PREFIX + "idempotency-key-reused", 422, "The idempotency key belongs to another request"),
        HEADERS_TOO_LARGE(PREFIX + "headers-too-large", 431, "The headers are too large"),
        QUOTA(IANA + "quota-exceeded", 429, "The quota is used up"),
        INFERENCE_FAILED(PREFIX + "inference-failed", 500, "The model failed on this request"),
        INTERNAL(PREFIX + "internal", 500, "Internal error"),
        NOT_SUPPORTED(PREFIX + "not-supported", 501, "Not supported"),
        CAPACITY(IANA + "temporary-reduced-capacity", 503, "Not enough capacity to answer in time"),
        UNAVAILABLE(PREFIX + "unavailable", 503, "The service cannot accept requests now"),
        FEATURES_UNAVAILABLE(PREFIX + "features-unavailable", 503, "Features are unavailable"),
        DEADLINE_EXCEEDED(PREFIX + "deadline-exceeded", 504, "No outcome within the deadline");

        private final String type;
        private final int status;
        private final String title;

        Kind(String type, int status, String title) {
            this.type = type;
            this.status = status;
            this.title = title;
        }

        public String type() {
            return type;
        }

        public int status() {
            return status;
        }
    }

    public Problem {
        members = Map.copyOf(members);
    }

    public static Problem of(Kind kind, String detail) {
        return new Problem(kind.type, kind.title, kind.status, detail, Map.of());
    }

    public static Problem of(InvalidRequestException broken) {
        return of(Kind.INVALID_REQUEST, String.valueOf(broken.getMessage()))
                .with("field", broken.field())
                .with("rule", broken.rule());
    }

    /** This problem with one more extension member. */
    public Problem with(String member, Object value) {
        Map<String, Object> more = new LinkedHashMap<>(members);
        more.put(member, value);
        return new Problem(type, title, status, detail, more);
    }

    public boolean is(Kind kind) {
        return type.equals(kind.type);
    }

    public byte[] toJson() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            json.writeStringField("type", type);
            json.writeStringField("title", title);
            json.writeNumberField("status", status);
            json.writeStringField("detail", detail);
            json.writeStringField("error", detail);
            for (Map.Entry<String, Object> member : members.entrySet()) {
                json.writeFieldName(member.getKey());
                write(json, member.getValue());
            }
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write to an in-memory buffer", e);
        }
        return bytes.toByteArray();
    }

    /** The protocol's own form: the member {@code error}, and no other. */
    public byte[] toV2Json() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            json.writeStringField("error", detail);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write to an in-memory buffer", e);
        }
        return bytes.toByteArray();
    }

    private static void write(JsonGenerator json, Object value) throws IOException {
        if (value instanceof Iterable<?> items) {
            json.writeStartArray();
            for (Object item : items) {
                write(json, item);
            }
            json.writeEndArray();
        } else {
            json.writePOJO(value);
        }
    }

    /** @throws IOException if the bytes are not a problem document */
    public static Problem read(byte[] bytes) throws IOException {
        Map<String, Object> members = new LinkedHashMap<>();
        try (JsonParser json = JSON.createParser(bytes)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("a problem document must be a JSON object");
            }
            for (String member = json.nextFieldName(); member != null; member = json.nextFieldName()) {
                switch (json.nextToken()) {
                    case VALUE_STRING -> members.put(member, json.getText());
                    case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> members.put(member, json.getNumberValue());
                    case VALUE_TRUE, VALUE_FALSE -> members.put(member, json.getBooleanValue());
                    default -> json.skipChildren();
                }
            }
        }
        members.remove("error");
        if (members.remove("type") instanceof String type
                && members.remove("title") instanceof String title
                && members.remove("status") instanceof Integer status
                && status >= 400
                && status <= 599
                && members.remove("detail") instanceof String detail) {
            return new Problem(type, title, status, detail, members);
        }
        throw new IOException("a problem document must have a type, a title, a status in 400..599 and a detail");
    }
}
