package dev.penstock.ingress.outcomes;

import dev.penstock.messages.Reply;
import dev.penstock.protocol.InvalidRequestException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * A reply as it is stored in Redis: a format byte, the time of its completion, and the reply's headers and value as on the topic.
 *
 * @param completedAt when the outcome was stored
 */
public record StoredResult(Instant completedAt, Reply reply) {
    private static final int FORMAT = 1;

    byte[] toBytes() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeByte(FORMAT);
            out.writeLong(completedAt.toEpochMilli());
            Headers headers = new RecordHeaders();
            reply.writeHeaders(headers);
            Header[] all = headers.toArray();
            out.writeShort(all.length);
            for (Header header : all) {
                out.writeUTF(header.key());
                out.writeShort(header.value().length);
                out.write(header.value());
            }
            out.write(reply.value());
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return bytes.toByteArray();
    }

    /** @throws UncheckedIOException when the bytes were not written by {@link #toBytes} */
    static StoredResult read(byte[] stored) {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(stored))) {
            if (in.readByte() != FORMAT) {
                throw new IOException("not a stored result of format " + FORMAT);
            }
            Instant completedAt = Instant.ofEpochMilli(in.readLong());
            Headers headers = new RecordHeaders();
            for (int count = in.readUnsignedShort(); count > 0; count--) {
                String name = in.readUTF();
                headers.add(name, in.readNBytes(in.readUnsignedShort()));
            }
            return new StoredResult(completedAt, Reply.read(headers, in.readAllBytes()));
        } catch (InvalidRequestException broken) {
            throw new UncheckedIOException(new IOException(broken));
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }
}
