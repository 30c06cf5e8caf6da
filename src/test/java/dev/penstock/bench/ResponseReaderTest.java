package dev.penstock.bench;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class ResponseReaderTest {
    private final ResponseReader reader = new ResponseReader();

    @Property
    void readsAFixedBodyHoweverItsBytesArrive(
            @ForAll @IntRange(min = 1, max = 200) int step, @ForAll @IntRange(max = 30_000) int length)
            throws IOException {
        String body = "x".repeat(length);
        read("HTTP/1.1 200 OK\r\ncontent-LENGTH:" + length + "\r\nDate: today\r\n\r\n" + body, step);

        assertThat(reader.status()).isEqualTo(200);
        assertThat(reader.body()).asString().isEqualTo(body);
        assertThat(reader.lastOnConnection()).isFalse();
    }

    @Property
    void joinsTheChunksHoweverTheirBytesArrive(
            @ForAll @IntRange(min = 1, max = 200) int step, @ForAll @IntRange(min = 1, max = 30_000) int length)
            throws IOException {
        String first = "a".repeat(length);
        read(
                "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n" + Integer.toHexString(length)
                        + ";ext=1\r\n" + first + "\r\n2\r\n\r\n\r\n0\r\nTrailer: 1\r\n\r\n",
                step);

        assertThat(reader.status()).isEqualTo(201);
        assertThat(reader.body()).asString().isEqualTo(first + "\r\n");
    }

    @Example
    void readsConsecutiveResponses() throws IOException {
        read("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 3\r\nConnection: close\r\n\r\nold", 7);
        assertThat(reader.lastOnConnection()).isTrue();

        read("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", 7);

        assertThat(reader.status()).isEqualTo(200);
        assertThat(reader.body()).asString().isEqualTo("ok");
        assertThat(reader.lastOnConnection()).isFalse();
    }

    @Example
    void skipsInformationalResponsesAndKnowsThat204HasNoBody() throws IOException {
        read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", 5);

        assertThat(reader.status()).isEqualTo(204);
        assertThat(reader.body()).isEmpty();
    }

    @Example
    void readsABodyThatEndsWithTheConnection() throws IOException {
        ReadableByteChannel channel = channel("HTTP/1.0 200 OK\r\n\r\nto the end", 6);
        while (!reader.read(channel)) {}

        assertThat(reader.body()).asString().isEqualTo("to the end");
        assertThat(reader.lastOnConnection()).isTrue();
    }

    @Example
    void rejectsBytesThatAreNotAResponse() {
        assertThatThrownBy(() -> read("SSH-2.0-OpenSSH_9.2\r\n", 30))
                .hasMessage("malformed status line: SSH-2.0-OpenSSH_9.2");
        assertThatThrownBy(() -> read("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", 60))
                .hasMessage("length must be in 0..67108864, was -1");
        assertThatThrownBy(() -> read("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab", 60))
                .hasMessage("bytes after the end of the response");
    }

    @Example
    void rejectsATruncatedResponse() {
        assertThatThrownBy(() -> read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", 9))
                .hasMessage("connection closed before the response was complete");
    }

    private void read(String response, int step) throws IOException {
        reader.reset();
        ReadableByteChannel channel = channel(response, step);
        while (!reader.read(channel)) {}
    }

    /** A channel that returns at most {@code step} bytes per read. */
    private static ReadableByteChannel channel(String text, int step) {
        ReadableByteChannel all = Channels.newChannel(new ByteArrayInputStream(text.getBytes(ISO_8859_1)));
        return new ReadableByteChannel() {
            @Override
            public int read(ByteBuffer into) throws IOException {
                int limit = into.limit();
                into.limit(Math.min(limit, into.position() + step));
                int read = all.read(into);
                into.limit(limit);
                return read;
            }

            @Override
            public boolean isOpen() {
                return all.isOpen();
            }

            @Override
            public void close() throws IOException {
                all.close();
            }
        };
    }
}
