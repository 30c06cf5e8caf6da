package dev.penstock.bench;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;

/** The bytes of an HTTP/1.1 POST up to its content length. A request then costs two array copies. */
public final class PostTemplate {
    private final byte[] head;

    /** @param headers additional header lines such as {@code Prefer: respond-async} */
    public PostTemplate(URI uri, List<String> headers) {
        this(uri, "application/json", headers);
    }

    private PostTemplate(URI uri, String contentType, List<String> headers) {
        StringBuilder text = new StringBuilder("POST ")
                .append(uri.getRawPath())
                .append(" HTTP/1.1\r\nHost: ")
                .append(uri.getRawAuthority())
                .append("\r\nContent-Type: ")
                .append(contentType)
                .append("\r\n");
        headers.forEach(header -> text.append(header).append("\r\n"));
        head = text.append("Content-Length: ").toString().getBytes(ISO_8859_1);
    }

    /** A template for bodies in the binary format, which begin with a JSON part of this many bytes. */
    static PostTemplate binary(URI uri, int jsonLength, List<String> headers) {
        List<String> all = new ArrayList<>(headers);
        all.add("Inference-Header-Content-Length: " + jsonLength);
        return new PostTemplate(uri, "application/octet-stream", all);
    }

    public byte[] with(byte[] body) {
        byte[] length = (body.length + "\r\n\r\n").getBytes(ISO_8859_1);
        byte[] request = new byte[head.length + length.length + body.length];
        System.arraycopy(head, 0, request, 0, head.length);
        System.arraycopy(length, 0, request, head.length, length.length);
        System.arraycopy(body, 0, request, head.length + length.length, body.length);
        return request;
    }
}
