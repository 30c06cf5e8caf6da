package dev.penstock.ingress.negotiation;

import dev.penstock.ingress.call.ProblemException;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Problem;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;

/** A way to compress bodies (RFC 9110, section 8.4.1). */
public enum ContentCoding {
    GZIP {
        @Override
        InputStream unpacking(byte[] packed, Inflater unused) throws IOException {
            return new GZIPInputStream(new ByteArrayInputStream(packed));
        }

        @Override
        OutputStream packing(OutputStream packed, Deflater unused) throws IOException {
            return new FastGzip(packed);
        }
    },
    /** The zlib format. Some clients leave its header out, and are understood as well. */
    DEFLATE {
        @Override
        InputStream unpacking(byte[] packed, Inflater inflater) {
            return new InflaterInputStream(new ByteArrayInputStream(packed), inflater);
        }

        @Override
        OutputStream packing(OutputStream packed, Deflater deflater) {
            return new DeflaterOutputStream(packed, deflater);
        }
    };

    private static final String IDENTITY = "identity";
    private static final Map<String, ContentCoding> BY_NAME = Map.of("gzip", GZIP, "x-gzip", GZIP, "deflate", DEFLATE);

    /** Speed goes before size: a body is packed while its caller waits. */
    private static final int LEVEL = Deflater.BEST_SPEED;

    /** A body of this many bytes may be packed however well. It costs next to nothing. */
    private static final int ANY_RATIO_BYTES = 256 * 1024;

    /**
     * The coding of a call's body; empty if it has none.
     *
     * @param contentEncoding the values of all {@code Content-Encoding} headers
     * @throws ProblemException when it is another coding, or more than one
     */
    public static Optional<ContentCoding> of(List<String> contentEncoding) {
        if (contentEncoding.isEmpty()) {
            return Optional.empty();
        }
        String name = String.join(",", contentEncoding).strip().toLowerCase(Locale.ROOT);
        if (name.isEmpty() || name.equals(IDENTITY)) {
            return Optional.empty();
        }
        ContentCoding coding = BY_NAME.get(name);
        if (coding == null) {
            throw new ProblemException(
                    Problem.of(
                            Problem.Kind.UNSUPPORTED_MEDIA_TYPE,
                            "Content-Encoding must be absent, identity, gzip or deflate, was '" + name + "'"),
                    0,
                    Map.of("Accept-Encoding", "gzip, deflate"));
        }
        return Optional.of(coding);
    }

    /**
     * The coding that a client would like its answer in; empty if it does not ask for one.
     *
     * @param acceptEncoding the values of all {@code Accept-Encoding} headers
     */
    public static Optional<ContentCoding> accepted(List<String> acceptEncoding) {
        if (acceptEncoding.isEmpty()) {
            return Optional.empty();
        }
        Weights weights = Weights.read(acceptEncoding);
        double any = weights.of("*").orElse(0.0);
        double gzip = weights.of("gzip").or(() -> weights.of("x-gzip")).orElse(any);
        double deflate = weights.of("deflate").orElse(any);
        double best = Math.max(gzip, deflate);
        if (best == 0 || best < weights.of(IDENTITY).orElse(0.0)) {
            return Optional.empty();
        }
        return Optional.of(gzip >= deflate ? GZIP : DEFLATE);
    }

    /** Its name in headers. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The body that was packed. It takes memory for the bytes that come out, and stops at the limits.
     *
     * @param maxBytes of the body
     * @param maxRatio how many times as long as its packed form the body may be, once it has more than {@value #ANY_RATIO_BYTES} bytes
     * @throws InvalidRequestException when the bytes do not have this coding
     * @throws ProblemException when the body is too long
     */
    public byte[] unpack(byte[] packed, int maxBytes, int maxRatio) throws InvalidRequestException {
        int most = (int) Math.min(maxBytes, Math.max(ANY_RATIO_BYTES, (long) maxRatio * packed.length));
        Inflater inflater = new Inflater(!hasZlibHeader(packed));
        try (InputStream in = unpacking(packed, inflater)) {
            byte[] body = in.readNBytes(most + 1);
            if (body.length > most) {
                throw new ProblemException(
                        Problem.of(Problem.Kind.PAYLOAD_TOO_LARGE, tooLong(most, maxBytes, maxRatio)));
            }
            return body;
        } catch (IOException broken) {
            throw new InvalidRequestException(
                    "body", "must have the Content-Encoding " + label() + ": " + broken.getMessage());
        } finally {
            inflater.end();
        }
    }

    private static String tooLong(int most, int maxBytes, int maxRatio) {
        return most == maxBytes
                ? "the unpacked body must have at most " + maxBytes + " bytes (penstock.max-request-bytes), had more"
                : "the unpacked body must be at most " + maxRatio
                        + " times as long as the packed one (penstock.ingress.max-unpacking-ratio), was longer";
    }

    /** RFC 1950: the method is 8, and the two bytes are a multiple of 31. */
    private static boolean hasZlibHeader(byte[] packed) {
        return packed.length >= 2
                && (packed[0] & 0x0f) == 8
                && (((packed[0] & 0xff) << 8) | (packed[1] & 0xff)) % 31 == 0;
    }

    /** The body in its packed form. */
    public byte[] pack(byte[] body) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream(body.length / 2);
        Deflater deflater = new Deflater(LEVEL);
        try (OutputStream out = packing(packed, deflater)) {
            out.write(body);
        } catch (IOException impossible) {
            throw new UncheckedIOException("cannot write to an in-memory buffer", impossible);
        } finally {
            deflater.end();
        }
        return packed.toByteArray();
    }

    abstract InputStream unpacking(byte[] packed, Inflater inflater) throws IOException;

    abstract OutputStream packing(OutputStream packed, Deflater deflater) throws IOException;

    private static final class FastGzip extends GZIPOutputStream {
        FastGzip(OutputStream packed) throws IOException {
            super(packed);
            def.setLevel(LEVEL);
        }
    }
}
