package dev.penstock.service;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.zip.GZIPInputStream;

/** Receives traces in OpenTelemetry's protocol over HTTP. Reads protobuf by field numbers, so it needs no generated classes. */
final class OtlpReceiver implements AutoCloseable {
    private final HttpServer server;
    private final List<Span> spans = new CopyOnWriteArrayList<>();

    /** A span as it was received. {@code error} is whether its status says so; attributes are texts. */
    record Span(
            String trace,
            String id,
            String parent,
            String state,
            String name,
            long kind,
            Map<String, String> attributes,
            List<String> links,
            boolean error) {}

    OtlpReceiver() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/v1/traces", exchange -> {
            try (InputStream body = "gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"))
                    ? new GZIPInputStream(exchange.getRequestBody())
                    : exchange.getRequestBody()) {
                read(UnknownFieldSet.parseFrom(body));
            }
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        server.start();
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    List<Span> spans() {
        return spans;
    }

    List<Span> spansOf(String trace) {
        return spans.stream().filter(span -> span.trace.equals(trace)).toList();
    }

    @Override
    public void close() {
        server.stop(0);
    }

    /** An ExportTraceServiceRequest. */
    private void read(UnknownFieldSet request) throws IOException {
        for (UnknownFieldSet resource : messages(request, 1)) {
            for (UnknownFieldSet scope : messages(resource, 2)) {
                for (UnknownFieldSet span : messages(scope, 2)) {
                    spans.add(span(span));
                }
            }
        }
    }

    private static Span span(UnknownFieldSet span) throws IOException {
        Map<String, String> attributes = new HashMap<>();
        for (UnknownFieldSet attribute : messages(span, 9)) {
            attributes.put(text(attribute, 1), value(messages(attribute, 2).getFirst()));
        }
        List<String> links = new CopyOnWriteArrayList<>();
        for (UnknownFieldSet link : messages(span, 13)) {
            links.add(hex(link, 2));
        }
        boolean error = false;
        for (UnknownFieldSet status : messages(span, 15)) {
            error = number(status, 3) == 2;
        }
        return new Span(
                hex(span, 1),
                hex(span, 2),
                hex(span, 4),
                text(span, 3),
                text(span, 5),
                number(span, 6),
                attributes,
                links,
                error);
    }

    private static String value(UnknownFieldSet value) {
        return value.hasField(1) ? text(value, 1) : Long.toString(number(value, 3));
    }

    private static List<UnknownFieldSet> messages(UnknownFieldSet of, int field) throws IOException {
        List<UnknownFieldSet> messages = new CopyOnWriteArrayList<>();
        for (ByteString bytes : of.getField(field).getLengthDelimitedList()) {
            messages.add(UnknownFieldSet.parseFrom(bytes));
        }
        return messages;
    }

    private static String text(UnknownFieldSet of, int field) {
        List<ByteString> values = of.getField(field).getLengthDelimitedList();
        return values.isEmpty() ? "" : values.getLast().toStringUtf8();
    }

    private static String hex(UnknownFieldSet of, int field) {
        List<ByteString> values = of.getField(field).getLengthDelimitedList();
        return values.isEmpty() ? "" : HexFormat.of().formatHex(values.getLast().toByteArray());
    }

    private static long number(UnknownFieldSet of, int field) {
        List<Long> values = of.getField(field).getVarintList();
        return values.isEmpty() ? 0 : values.getLast();
    }
}
