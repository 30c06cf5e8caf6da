package dev.penstock.bench;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Arrays;

/** Reads consecutive HTTP/1.x responses incrementally. Confined to one thread. */
final class ResponseReader {
    private static final int LINE_LIMIT_BYTES = 64 << 10;
    private static final int RESPONSE_LIMIT_BYTES = 64 << 20;
    private static final byte[] CONTENT_LENGTH = "content-length:".getBytes(ISO_8859_1);
    private static final byte[] TRANSFER_ENCODING = "transfer-encoding:".getBytes(ISO_8859_1);
    private static final byte[] CONNECTION = "connection:".getBytes(ISO_8859_1);

    private enum State {
        STATUS_LINE,
        HEADER,
        FIXED_BODY,
        CHUNK_SIZE,
        CHUNK,
        TRAILER,
        BODY_UNTIL_CLOSE,
        COMPLETE
    }

    private ByteBuffer buffer = ByteBuffer.allocate(8 << 10);
    private State state = State.STATUS_LINE;
    /** The state after the headers. */
    private State framing = State.BODY_UNTIL_CLOSE;
    /** Position of the first unparsed byte. */
    private int at;
    /** Length of the body, or of the current chunk, in bytes. */
    private int length;

    private int bodyStart;
    private int bodyEnd;
    private int status;
    private boolean lastOnConnection;

    /** Reads the available bytes; true when the response is complete. */
    boolean read(ReadableByteChannel channel) throws IOException {
        if (!buffer.hasRemaining()) {
            grow();
        }
        if (channel.read(buffer) < 0) {
            if (state != State.BODY_UNTIL_CLOSE) {
                throw new EOFException("connection closed before the response was complete");
            }
            lastOnConnection = true;
            state = State.COMPLETE;
        }
        while (advance()) {}
        return state == State.COMPLETE;
    }

    int status() {
        return status;
    }

    /** Returns a copy of the body; a chunked body is decoded. */
    byte[] body() {
        return Arrays.copyOfRange(buffer.array(), bodyStart, bodyEnd);
    }

    /** Whether the server closes the connection after this response. */
    boolean lastOnConnection() {
        return lastOnConnection;
    }

    void reset() {
        buffer.clear();
        state = State.STATUS_LINE;
        framing = State.BODY_UNTIL_CLOSE;
        at = 0;
        bodyStart = 0;
        bodyEnd = 0;
        lastOnConnection = false;
    }

    private void grow() throws IOException {
        if (buffer.capacity() >= RESPONSE_LIMIT_BYTES) {
            throw new IOException("response must be under " + RESPONSE_LIMIT_BYTES + " bytes");
        }
        buffer = ByteBuffer.allocate(buffer.capacity() * 2).put(buffer.flip());
    }

    /** Parses the next line or piece of the body, if it is complete. */
    private boolean advance() throws IOException {
        return switch (state) {
            case STATUS_LINE, HEADER, CHUNK_SIZE, TRAILER -> advanceOverLine();
            case FIXED_BODY -> advanceOverFixedBody();
            case CHUNK -> advanceOverChunk();
            case BODY_UNTIL_CLOSE -> {
                bodyEnd = buffer.position();
                yield false;
            }
            case COMPLETE -> {
                if (framing != State.BODY_UNTIL_CLOSE && at < buffer.position()) {
                    throw new IOException("bytes after the end of the response");
                }
                yield false;
            }
        };
    }

    private boolean advanceOverLine() throws IOException {
        byte[] bytes = buffer.array();
        int end = at;
        while (end < buffer.position() && bytes[end] != '\n') {
            end++;
        }
        if (end == buffer.position()) {
            if (end - at > LINE_LIMIT_BYTES) {
                throw new IOException("line in the response must be under " + LINE_LIMIT_BYTES + " bytes");
            }
            return false;
        }
        int start = at;
        at = end + 1;
        if (end > start && bytes[end - 1] == '\r') {
            end--;
        }
        state = afterLine(start, end);
        return true;
    }

    private State afterLine(int start, int end) throws IOException {
        return switch (state) {
            case STATUS_LINE -> {
                statusLine(start, end);
                yield State.HEADER;
            }
            case HEADER -> {
                if (start == end) {
                    yield afterHeaders();
                }
                header(start, end);
                yield State.HEADER;
            }
            case CHUNK_SIZE -> {
                length = chunkSize(text(start, end));
                yield length == 0 ? State.TRAILER : State.CHUNK;
            }
            case TRAILER -> start == end ? State.COMPLETE : State.TRAILER;
            case FIXED_BODY, CHUNK, BODY_UNTIL_CLOSE, COMPLETE ->
                throw new IllegalStateException("no line in " + state);
        };
    }

    private void statusLine(int start, int end) throws IOException {
        String line = text(start, end);
        if (line.length() < 12 || !line.startsWith("HTTP/1.") || line.charAt(8) != ' ') {
            throw new IOException("malformed status line: " + line);
        }
        status = number(line.substring(9, 12), 10);
        lastOnConnection = line.charAt(7) == '0';
    }

    private void header(int start, int end) throws IOException {
        if (starts(start, end, CONTENT_LENGTH) && framing != State.CHUNK_SIZE) {
            length = number(text(start + CONTENT_LENGTH.length, end).strip(), 10);
            framing = State.FIXED_BODY;
        } else if (starts(start, end, TRANSFER_ENCODING)
                && text(start + TRANSFER_ENCODING.length, end).strip().equalsIgnoreCase("chunked")) {
            framing = State.CHUNK_SIZE;
        } else if (starts(start, end, CONNECTION)) {
            lastOnConnection = text(start + CONNECTION.length, end).strip().equalsIgnoreCase("close");
        }
    }

    private State afterHeaders() {
        if (status < 200) {
            framing = State.BODY_UNTIL_CLOSE;
            return State.STATUS_LINE;
        }
        bodyStart = at;
        bodyEnd = at;
        if (status == 204 || status == 304) {
            framing = State.FIXED_BODY;
            return State.COMPLETE;
        }
        return framing;
    }

    private boolean advanceOverFixedBody() {
        if (buffer.position() - at < length) {
            return false;
        }
        at += length;
        bodyEnd = at;
        state = State.COMPLETE;
        return true;
    }

    private boolean advanceOverChunk() throws IOException {
        if (buffer.position() - at < length + 2) {
            return false;
        }
        byte[] bytes = buffer.array();
        if (bytes[at + length] != '\r' || bytes[at + length + 1] != '\n') {
            throw new IOException("chunk must end with CRLF");
        }
        System.arraycopy(bytes, at, bytes, bodyEnd, length);
        bodyEnd += length;
        at += length + 2;
        state = State.CHUNK_SIZE;
        return true;
    }

    private static int chunkSize(String line) throws IOException {
        int extension = line.indexOf(';');
        return number((extension < 0 ? line : line.substring(0, extension)).strip(), 16);
    }

    private static int number(String digits, int radix) throws IOException {
        try {
            int value = Integer.parseInt(digits, radix);
            if (value >= 0 && value <= RESPONSE_LIMIT_BYTES) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw new IOException("malformed length: " + digits, e);
        }
        throw new IOException("length must be in 0.." + RESPONSE_LIMIT_BYTES + ", was " + digits);
    }

    /** Whether the line starts with the name, given in lower case with its colon. */
    private boolean starts(int start, int end, byte[] name) {
        if (end - start < name.length) {
            return false;
        }
        byte[] bytes = buffer.array();
        for (int i = 0; i < name.length; i++) {
            if ((bytes[start + i] | 0x20) != name[i]) {
                return false;
            }
        }
        return true;
    }

    private String text(int start, int end) {
        return new String(buffer.array(), start, end - start, ISO_8859_1);
    }
}
