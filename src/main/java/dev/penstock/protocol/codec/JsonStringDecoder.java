package dev.penstock.protocol.codec;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.util.HexFormat;

/** Decodes a JSON string that has escapes or non-ASCII characters. */
final class JsonStringDecoder {
    private JsonStringDecoder() {}

    /** @param quoted the bytes between the quotes */
    static String decode(ByteBuffer quoted) throws ParseException {
        CharBuffer raw;
        try {
            raw = StandardCharsets.UTF_8.newDecoder().decode(quoted);
        } catch (CharacterCodingException e) {
            throw new ParseException("a string is not UTF-8", 0);
        }
        String text = unescape(raw);
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new ParseException("a string has an unpaired surrogate", 0);
        }
        return text;
    }

    private static String unescape(CharBuffer raw) throws ParseException {
        StringBuilder text = new StringBuilder(raw.length());
        while (raw.hasRemaining()) {
            char c = raw.get();
            if (c == '\\') {
                text.append(escaped(raw));
            } else {
                text.append(c);
            }
        }
        return text.toString();
    }

    private static char escaped(CharBuffer raw) throws ParseException {
        char c = raw.get();
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> hexDigits(raw);
            default -> throw new ParseException("a string has an unknown escape", raw.position());
        };
    }

    private static char hexDigits(CharBuffer raw) throws ParseException {
        if (raw.remaining() < 4 || !raw.subSequence(0, 4).chars().allMatch(HexFormat::isHexDigit)) {
            throw new ParseException("\\u needs four hexadecimal digits", raw.position());
        }
        char unit = (char) HexFormat.fromHexDigits(raw, 0, 4);
        raw.position(raw.position() + 4);
        return unit;
    }
}
