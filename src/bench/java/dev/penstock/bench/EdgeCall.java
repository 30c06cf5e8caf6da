package dev.penstock.bench;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.util.Locale;

/** One HTTP call on a connection of its own, as those of clients that call now and then. */
final class EdgeCall {
    /** No answer came in time, or the connection broke. */
    static final int NO_ANSWER = 0;

    /** @param status {@link #NO_ANSWER} without an answer */
    record Answer(int status, String body) {}

    private EdgeCall() {}

    /** @param request all of it, with {@code Connection: close} */
    static Answer send(URI to, byte[] request, int limitMillis) {
        try (Socket socket = new Socket()) {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(limitMillis);
            socket.connect(new InetSocketAddress(to.getHost(), to.getPort()), limitMillis);
            socket.getOutputStream().write(request);
            return read(socket.getInputStream());
        } catch (IOException | NumberFormatException none) {
            return new Answer(NO_ANSWER, "");
        }
    }

    /** All of Penstock's answers have a length. */
    private static Answer read(InputStream in) throws IOException {
        byte[] status = line(in);
        int length = 0;
        for (byte[] line = line(in); line.length > 0; line = line(in)) {
            String header = new String(line, ISO_8859_1).toLowerCase(Locale.ROOT);
            if (header.startsWith("content-length:")) {
                length = Integer.parseInt(header.substring(15).strip());
            }
        }
        byte[] body = in.readNBytes(length);
        if (body.length < length) {
            throw new IOException("the answer ended early");
        }
        return new Answer(Integer.parseInt(new String(status, ISO_8859_1).split(" ", 3)[1]), new String(body, UTF_8));
    }

    private static byte[] line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new IOException("the answer ended early");
            }
            if (next != '\r') {
                line.append((char) next);
            }
        }
        return line.toString().getBytes(ISO_8859_1);
    }
}
