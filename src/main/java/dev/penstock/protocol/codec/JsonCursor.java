package dev.penstock.protocol.codec;

import dev.penstock.protocol.InvalidRequestException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.util.Optional;
import java.util.Set;

/**
 * A strict pull parser for JSON (RFC 8259) in a byte array. It creates no tokens, boxes or copies, which makes it more than twice as fast
 * on tensors as a general streaming parser. Each error names its field. Confined to one thread.
 */
final class JsonCursor {
    private static final int MAX_DEPTH = 64;

    private final byte[] bytes;
    private final int start;
    private final int end;
    private final ReaderLimits limits;
    private final FieldPath path = new FieldPath();
    private final JsonNumber number = new JsonNumber();
    private int position;

    // The last string: the range of its bytes between the quotes, and its decoded text unless it is plain ASCII.
    private int stringStart;
    private int stringEnd;
    private boolean stringIsPlain;
    private String stringDecoded = "";

    JsonCursor(byte[] bytes, int start, int end, ReaderLimits limits) {
        this.bytes = bytes;
        this.start = start;
        this.end = end;
        this.limits = limits;
        this.position = start;
    }

    /** The path of the current field. Callers update it as they enter and leave nested fields. */
    FieldPath path() {
        return path;
    }

    ReaderLimits limits() {
        return limits;
    }

    int position() {
        return position;
    }

    /** Moves to a position, forwards or backwards. */
    void seek(int position) {
        this.position = position;
    }

    /** The number of unread bytes. */
    int remaining() {
        return end - position;
    }

    /** Opens an object or array. Returns whether it has a first entry. Call {@link #another} after each entry. */
    boolean open(char bracket) throws InvalidRequestException {
        if (peek() != bracket) {
            throw mismatch(bracket == '{' ? "an object" : "an array");
        }
        position++;
        return !take(closing(bracket));
    }

    /** Call after an entry. Returns whether another entry follows; otherwise the object or array is closed. */
    boolean another(char bracket) throws InvalidRequestException {
        byte next = peek();
        if (next != ',' && next != closing(bracket)) {
            throw malformed("expected ',' or '" + closing(bracket) + "'");
        }
        position++;
        return next == ',';
    }

    /**
     * Reads the key of a member and adds it to the path. Rejects a key that is in {@code seen} already. The value of a member that is not in
     * {@code known} is skipped, or the member is refused, as the limits say.
     *
     * @return {@link JsonMember#OTHER} for a member that was skipped
     */
    JsonMember member(Set<JsonMember> known, Set<JsonMember> seen) throws InvalidRequestException {
        readString();
        for (JsonMember member : known) {
            if (stringIs(member.key)) {
                path.enter(member.key);
                if (!seen.add(member)) {
                    throw invalid("must appear only once");
                }
                expect(':');
                return member;
            }
        }
        path.enter(lastString());
        if (limits.unknownMembers() == UnknownMembers.REFUSED) {
            throw invalid("is not a member of the protocol; put extensions into parameters"
                    + " (penstock.unknown-members=refused)");
        }
        expect(':');
        skip(2 * path.depth());
        return JsonMember.OTHER;
    }

    /** Rejects an object that lacks one of these members. */
    void require(Set<JsonMember> seen, JsonMember... required) throws InvalidRequestException {
        for (JsonMember member : required) {
            if (!seen.contains(member)) {
                path.enter(member.key);
                throw invalid("is required");
            }
        }
    }

    /** Reads a key with any name. */
    String key() throws InvalidRequestException {
        String key = string();
        expect(':');
        return key;
    }

    String string() throws InvalidRequestException {
        readString();
        return lastString();
    }

    /** Reads a non-empty string. */
    String name() throws InvalidRequestException {
        String name = string();
        if (name.isEmpty()) {
            throw invalid("must not be empty");
        }
        return name;
    }

    /** Reads a string as UTF-8 bytes. May be a view of the body. */
    ByteBuffer stringBytes() throws InvalidRequestException {
        readString();
        return stringIsPlain
                ? ByteBuffer.wrap(bytes, stringStart, stringEnd - stringStart)
                : StandardCharsets.UTF_8.encode(lastString());
    }

    /** Reads a string; empty for null. */
    Optional<String> optionalString() throws InvalidRequestException {
        return isNull() ? Optional.empty() : Optional.of(string());
    }

    /** Reads a null, if there is one. */
    boolean isNull() throws InvalidRequestException {
        return peek() == 'n' && literal("null");
    }

    boolean bool() throws InvalidRequestException {
        if (peek() == 't' && literal("true")) {
            return true;
        }
        if (peek() == 'f' && literal("false")) {
            return false;
        }
        throw mismatch("a boolean");
    }

    /** Reads a number. The returned object is reused: it is valid until the next call. */
    JsonNumber number() throws InvalidRequestException {
        if (!startsNumber(peek())) {
            throw mismatch("a number");
        }
        return scannedNumber();
    }

    /** Reads a number, or what stands for NaN and the infinities. */
    JsonNumber floatingNumber() throws InvalidRequestException {
        byte first = peek();
        return startsNumber(first) ? scannedNumber() : nonFiniteNumber(first);
    }

    private static boolean startsNumber(byte first) {
        return first == '-' || (first >= '0' && first <= '9');
    }

    private JsonNumber nonFiniteNumber(byte first) throws InvalidRequestException {
        int from = position;
        double value = Double.NaN;
        if (first == 'n') {
            literal("null");
        } else if (first == '"') {
            readString();
            if (stringIs("Infinity")) {
                value = Double.POSITIVE_INFINITY;
            } else if (stringIs("-Infinity")) {
                value = Double.NEGATIVE_INFINITY;
            } else if (!stringIs("NaN")) {
                throw invalid("must be a number, null, \"NaN\", \"Infinity\" or \"-Infinity\", was another string");
            }
        } else {
            throw mismatch("a number");
        }
        number.nonFinite(value, bytes, from, position);
        return number;
    }

    private JsonNumber scannedNumber() throws InvalidRequestException {
        int after = number.scan(bytes, position, end);
        if (after < 0) {
            position = ~after;
            throw malformed("not a number");
        }
        position = after;
        if (number.length() > JsonNumber.MAX_LENGTH) {
            throw invalid("must have at most " + JsonNumber.MAX_LENGTH + " characters, had " + number.length());
        }
        return number;
    }

    /** Skips any value at nesting depth {@code depth}. Its syntax is checked all the same. */
    private void skip(int depth) throws InvalidRequestException {
        switch (peek()) {
            case '{' -> {
                requireDepth(depth);
                for (boolean more = open('{'); more; more = another('{')) {
                    key();
                    skip(depth + 1);
                }
            }
            case '[' -> {
                requireDepth(depth);
                for (boolean more = open('['); more; more = another('[')) {
                    skip(depth + 1);
                }
            }
            case '"' -> readString();
            case 't', 'f' -> bool();
            case 'n' -> literal("null");
            default -> number();
        }
    }

    private void requireDepth(int depth) throws InvalidRequestException {
        if (depth > MAX_DEPTH) {
            throw invalid("must be nested at most " + MAX_DEPTH + " levels deep");
        }
    }

    /** Skips an array at nesting depth {@code depth}. It may hold anything except objects. */
    void skipArrays(int depth) throws InvalidRequestException {
        requireDepth(depth);
        for (boolean more = open('['); more; more = another('[')) {
            switch (peek()) {
                case '[' -> skipArrays(depth + 1);
                case '"' -> readString();
                case 't', 'f' -> bool();
                case 'n' -> literal("null");
                default -> number();
            }
        }
    }

    /** Skips whitespace and returns the next byte, without consuming it. */
    byte peek() throws InvalidRequestException {
        for (; position < end; position++) {
            byte next = bytes[position];
            if (next > ' ' || (next != ' ' && next != '\n' && next != '\r' && next != '\t')) {
                return next;
            }
        }
        throw malformed(start == end ? "it is empty" : "it ends early");
    }

    void expectEnd() throws InvalidRequestException {
        for (; position < end; position++) {
            if (" \n\r\t".indexOf(bytes[position]) < 0) {
                throw malformed("unexpected content after its end");
            }
        }
    }

    InvalidRequestException invalid(String rule) {
        return new InvalidRequestException(path.toString(), rule);
    }

    InvalidRequestException mismatch(String expected) throws InvalidRequestException {
        return invalid("must be " + expected + ", was " + kind());
    }

    private InvalidRequestException malformed(String why) {
        return invalid("must be valid JSON: " + why + " (byte " + (position - start) + ")");
    }

    private String kind() throws InvalidRequestException {
        byte next = peek();
        if (isNext("true") || isNext("false")) {
            return "a boolean";
        }
        if (isNext("null")) {
            return "null";
        }
        return switch (next) {
            case '"' -> "a string";
            case '{' -> "an object";
            case '[' -> "an array";
            case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> "a number";
            case 'N', 'I' -> throw malformed("NaN and Infinity are not JSON numbers; write them as strings");
            default -> throw malformed("expected a value");
        };
    }

    private boolean isNext(String word) {
        for (int i = 0; i < word.length(); i++) {
            if (position + i >= end || bytes[position + i] != word.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private static char closing(char bracket) {
        return bracket == '{' ? '}' : ']';
    }

    private boolean take(char wanted) throws InvalidRequestException {
        if (peek() != wanted) {
            return false;
        }
        position++;
        return true;
    }

    private void expect(char wanted) throws InvalidRequestException {
        if (!take(wanted)) {
            throw malformed("expected '" + wanted + "'");
        }
    }

    private boolean literal(String word) throws InvalidRequestException {
        for (int i = 0; i < word.length(); i++, position++) {
            if (position == end || bytes[position] != word.charAt(i)) {
                throw malformed("expected " + word);
            }
        }
        return true;
    }

    private void readString() throws InvalidRequestException {
        if (peek() != '"') {
            throw mismatch("a string");
        }
        stringStart = ++position;
        stringIsPlain = true;
        for (; position < end; position++) {
            byte next = bytes[position];
            if (next == '"') {
                stringEnd = position++;
                if (stringEnd - stringStart > limits.maxStringBytes()) {
                    throw invalid("must have at most " + limits.maxStringBytes() + " bytes, had "
                            + (stringEnd - stringStart));
                }
                if (!stringIsPlain) {
                    stringDecoded = decoded();
                }
                return;
            }
            if (next == '\\') {
                stringIsPlain = false;
                position++;
            } else if (next < 0) {
                stringIsPlain = false;
            } else if (next < ' ') {
                throw malformed("a control character must be escaped");
            }
        }
        position = end;
        throw malformed("it ends inside a string");
    }

    private boolean stringIs(String word) {
        if (!stringIsPlain) {
            return stringDecoded.equals(word);
        }
        if (stringEnd - stringStart != word.length()) {
            return false;
        }
        for (int i = 0; i < word.length(); i++) {
            if (bytes[stringStart + i] != word.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private String lastString() {
        return stringIsPlain
                ? new String(bytes, stringStart, stringEnd - stringStart, StandardCharsets.ISO_8859_1)
                : stringDecoded;
    }

    private String decoded() throws InvalidRequestException {
        try {
            return JsonStringDecoder.decode(ByteBuffer.wrap(bytes, stringStart, stringEnd - stringStart));
        } catch (ParseException e) {
            throw malformed(String.valueOf(e.getMessage()));
        }
    }
}
