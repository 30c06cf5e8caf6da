package dev.penstock.protocol.codec;

import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.NonFinite;
import dev.penstock.protocol.Payload;
import java.nio.ByteBuffer;

/** Reads one body: a cursor over its JSON part, and a reader for the tensors in both parts. */
record BodyReader(JsonCursor json, TensorReader tensors) {

    static BodyReader open(Payload payload, ReaderLimits limits, NonFinite nonFinite) throws InvalidRequestException {
        ByteBuffer bytes = payload.bytes();
        checkSize(bytes, limits);
        int jsonLength = payload.jsonLength().orElse(bytes.remaining());
        if (jsonLength < 0 || jsonLength > bytes.remaining()) {
            throw new InvalidRequestException(
                    Payload.JSON_LENGTH_HEADER,
                    "must be in 0.." + bytes.remaining() + " (the length of the body), was " + jsonLength);
        }
        JsonCursor json = cursor(bytes.slice(bytes.position(), jsonLength), limits);
        ByteBuffer blobs = bytes.slice(bytes.position() + jsonLength, bytes.remaining() - jsonLength);
        return new BodyReader(
                json, new TensorReader(json, blobs, payload.jsonLength().isPresent(), nonFinite));
    }

    static void checkSize(ByteBuffer bytes, ReaderLimits limits) throws InvalidRequestException {
        if (bytes.remaining() > limits.maxBodyBytes()) {
            throw new InvalidRequestException(
                    "body", "must have at most " + limits.maxBodyBytes() + " bytes, had " + bytes.remaining());
        }
    }

    private static JsonCursor cursor(ByteBuffer json, ReaderLimits limits) {
        if (json.hasArray()) {
            return new JsonCursor(json.array(), json.arrayOffset(), json.arrayOffset() + json.limit(), limits);
        }
        byte[] copy = new byte[json.remaining()];
        json.get(copy);
        return new JsonCursor(copy, 0, copy.length, limits);
    }
}
