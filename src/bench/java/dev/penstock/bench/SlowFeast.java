package dev.penstock.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/** A fake Feast feature server. It has an image for every entity, and delays each response. */
final class SlowFeast implements AutoCloseable {
    static final String JOIN_KEY = "image_id";
    static final List<String> FEATURES =
            IntStream.range(0, 64).mapToObj("p%02d"::formatted).toList();

    private static final ObjectMapper JSON = new ObjectMapper();

    static {
        // Otherwise the kernel delays the end of a response until the client acknowledges its beginning, by up to 40
        // ms.
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    private static final String TIME = "\"2026-01-01T00:00:00Z\"";

    private final DigitsCorpus images;
    private final int millis;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final AtomicLong calls = new AtomicLong();

    SlowFeast(DigitsCorpus images, int millis) throws IOException {
        this.images = images;
        this.millis = millis;
        this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/get-online-features", this::answer);
        server.setExecutor(threads);
        server.start();
    }

    URI url() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    long calls() {
        return calls.get();
    }

    private void answer(HttpExchange exchange) throws IOException {
        calls.incrementAndGet();
        try (exchange) {
            JsonNode question = JSON.readTree(exchange.getRequestBody().readAllBytes());
            Thread.sleep(millis);
            byte[] answer = answer(question.path("entities").path(JOIN_KEY)).getBytes(UTF_8);
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
        } catch (InterruptedException closing) {
            Thread.currentThread().interrupt();
        }
    }

    private String answer(JsonNode ids) {
        List<String> entities = new ArrayList<>();
        List<List<String>> rows = new ArrayList<>();
        for (JsonNode id : ids) {
            entities.add(id.asText());
            rows.add(images.image(id.asInt()));
        }
        List<String> columns = new ArrayList<>(List.of(column(entities)));
        for (int i = 0; i < FEATURES.size(); i++) {
            int feature = i;
            columns.add(column(rows.stream().map(row -> row.get(feature)).toList()));
        }
        return "{\"metadata\":{\"feature_names\":[\"" + JOIN_KEY + "\",\"" + String.join("\",\"", FEATURES)
                + "\"]},\"results\":[" + String.join(",", columns) + "]}";
    }

    private static String column(List<String> values) {
        return "{\"values\":[" + String.join(",", values) + "],\"statuses\":["
                + String.join(",", Collections.nCopies(values.size(), "\"PRESENT\"")) + "],\"event_timestamps\":["
                + String.join(",", Collections.nCopies(values.size(), TIME)) + "]}";
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
