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
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * An outcome as it is in the log. In Redis it has a format byte, the time of its completion, and the reply's headers and value.
 *
 * @param completedAt when the reply was appended to the log
 */
public record StoredResult(Instant completedAt, Reply reply) {
    private static final int FORMAT = 1;

    /** @throws InvalidRequestException when the record is not a reply */
    static StoredResult of(ConsumerRecord<byte[], byte[]> record) throws InvalidRequestException {
        return new StoredResult(Instant.ofEpochMilli(record.timestamp()), Reply.read(record.headers(), record.value()));
    }

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
