package dev.penstock.service;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.List;

/**
 * A call that must be rejected, given byte for byte.
 *
 * @param what the display name of the row
 * @param bytes the call, as Latin-1
 * @param status the expected HTTP status
 * @param says texts that the problem's {@code error} must contain: the field and the rule
 * @param isLast whether the service closes the connection afterwards
 */
record BadInput(String what, String bytes, int status, List<String> says, boolean isLast) {
    static final String INFER = "/v2/models/digits/infer";

    /** A JSON body for the sample model. */
    static BadInput json(String what, String body, String... says) {
        return json(what, body.getBytes(UTF_8), says);
    }

    static BadInput json(String what, byte[] body, String... says) {
        return call(what, 400, "POST " + INFER, "Content-Type: application/json", body, says);
    }

    /** A body in the binary format. */
    static BadInput binary(String what, String jsonLength, byte[] body, String... says) {
        return call(what, 400, "POST " + INFER, "Inference-Header-Content-Length: " + jsonLength, body, says);
    }

    /** A valid body with an invalid header. */
    static BadInput header(String what, int status, String header, String... says) {
        return call(what, status, "POST " + INFER, header, GoodInput.body(), says);
    }

    static BadInput get(String what, int status, String path, String... says) {
        return call(what, status, "GET " + path, "Accept: */*", new byte[0], says);
    }

    /** @param header one header line, or several separated by {@code \r\n} */
    static BadInput call(String what, int status, String line, String header, byte[] body, String... says) {
        String length = line.startsWith("POST") ? "Content-Length: " + body.length + "\r\n" : "";
        return new BadInput(
                what,
                line + " HTTP/1.1\r\nHost: test\r\n" + length + header + "\r\n\r\n" + new String(body, ISO_8859_1),
                status,
                List.of(says),
                false);
    }

    /** Exactly these bytes. */
    static BadInput raw(String what, int status, String bytes, String... says) {
        return new BadInput(what, bytes, status, List.of(says), false);
    }

    /** The same call by a client that asks for problem documents. */
    BadInput acceptingProblems() {
        String host = "Host: test\r\n";
        return new BadInput(
                what, bytes.replaceFirst(host, host + "Accept: application/problem+json\r\n"), status, says, isLast);
    }

    BadInput last() {
        return new BadInput(what, bytes, status, says, true);
    }

    static byte[] join(byte[]... parts) {
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            whole.writeBytes(part);
        }
        return whole.toByteArray();
    }

    @Override
    public String toString() {
        return what + " → " + status;
    }
}
