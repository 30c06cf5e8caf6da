package dev.penstock.messages;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The id by which a sender matches a reply to its request. It consists of bytes, since other systems choose their own ids and get the
 * same bytes back. Request ids of Penstock are text.
 */
public final class CorrelationId {
    private final byte[] bytes;

    private CorrelationId(byte[] bytes) {
        this.bytes = bytes;
    }

    /** @param bytes are not copied */
    public static CorrelationId of(byte[] bytes) {
        return new CorrelationId(bytes);
    }

    public static CorrelationId of(String text) {
        return new CorrelationId(text.getBytes(UTF_8));
    }

    /** The bytes as they came; not a copy. */
    public byte[] bytes() {
        return bytes;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof CorrelationId id && Arrays.equals(bytes, id.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    /** The text, or {@code 0x} and hexadecimal digits where the bytes are not printable UTF-8. */
    @Override
    public String toString() {
        try {
            String text = UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
            if (text.chars().noneMatch(Character::isISOControl)) {
                return text;
            }
        } catch (CharacterCodingException notText) {
            // shown in hexadecimal digits
        }
        return "0x" + HexFormat.of().formatHex(bytes);
    }
}
