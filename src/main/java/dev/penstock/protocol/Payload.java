package dev.penstock.protocol;

import java.nio.ByteBuffer;
import java.util.OptionalInt;

/**
 * An encoded request or response: an HTTP body, or the value of a Kafka record.
 *
 * @param jsonLength the length of the leading JSON part in bytes ({@code Inference-Header-Content-Length}); empty when the whole
 *     payload is JSON
 */
public record Payload(ByteBuffer bytes, OptionalInt jsonLength) {
    public static final String JSON_LENGTH_HEADER = "Inference-Header-Content-Length";

    public static Payload json(byte[] bytes) {
        return new Payload(ByteBuffer.wrap(bytes), OptionalInt.empty());
    }

    /** The bytes as an array: the buffer's own if it has all of one. Nobody may change it. */
    public byte[] array() {
        if (bytes.hasArray() && bytes.arrayOffset() == 0 && bytes.limit() == bytes.array().length) {
            return bytes.array();
        }
        byte[] copy = new byte[bytes.limit()];
        bytes.get(0, copy);
        return copy;
    }

    /** A payload in binary form whose first {@code jsonLength} bytes are JSON. */
    public static Payload binary(ByteBuffer bytes, int jsonLength) {
        return new Payload(bytes, OptionalInt.of(jsonLength));
    }
}
