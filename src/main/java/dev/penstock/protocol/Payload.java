package dev.penstock.protocol;

import java.nio.ByteBuffer;
import java.util.OptionalInt;

/**
 * A body as it travels, over HTTP and as a Kafka record's value alike.
 *
 * @param jsonLength in the binary form, the length in bytes of the leading JSON part ({@code Inference-Header-Content-Length});
 *     empty when all of it is JSON
 */
public record Payload(ByteBuffer bytes, OptionalInt jsonLength) {
    public static final String JSON_LENGTH_HEADER = "Inference-Header-Content-Length";

    public static Payload json(byte[] bytes) {
        return new Payload(ByteBuffer.wrap(bytes), OptionalInt.empty());
    }

    /** A body in the binary form, whose first {@code jsonLength} bytes are JSON. */
    public static Payload binary(ByteBuffer bytes, int jsonLength) {
        return new Payload(bytes, OptionalInt.of(jsonLength));
    }
}
