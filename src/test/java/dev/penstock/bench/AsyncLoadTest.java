package dev.penstock.bench;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AsyncLoadTest {
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Set<String> polledOnce = ConcurrentHashMap.newKeySet();
    private HttpServer service;

    /** Body i is the number i; its location and its response name it. The first poll always comes before the outcome. */
    @BeforeEach
    void startService() throws IOException {
        service = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 256);
        service.setExecutor(threads);
        service.createContext("/v2/models/m/infer", exchange -> {
            String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
            boolean asked = "respond-async".equals(exchange.getRequestHeaders().getFirst("Prefer"));
            exchange.getResponseHeaders().set("Location", "/v2/requests/" + body);
            respond(exchange, !asked ? 400 : body.equals("13") ? 503 : 202, "{}");
        });
        service.createContext("/v2/requests/", exchange -> {
            String path = exchange.getRequestURI().getPath();
            String id = path.substring(path.lastIndexOf('/') + 1);
            boolean early = polledOnce.add(id);
            String status = early ? "queued" : id.equals("7") ? "expired" : "succeeded";
            respond(
                    exchange,
                    id.equals("5") ? 404 : 200,
                    "{\"status\":\"%s\",\"response\":{\"id\":\"%s\"}}".formatted(status, id.equals("9") ? "8" : id));
        });
        service.start();
    }

    @AfterEach
    void stopService() {
        service.stop(0);
        threads.close();
    }

    @Test
    void pollsEachRequestUntilItsOutcomeAndChecksItsResponse() {
        LoadResult result = new AsyncLoad(
                        URI.create("http://127.0.0.1:" + service.getAddress().getPort() + "/v2/models/m/infer"),
                        i -> Integer.toString(i).getBytes(UTF_8),
                        200,
                        16,
                        Duration.ofSeconds(30),
                        (i, status, response) -> new String(response, UTF_8).equals("{\"id\":\"" + i + "\"}"))
                .run();

        assertThat(result.succeeded()).isEqualTo(196);
        assertThat(result.wrong()).isEqualTo(1);
        assertThat(result.otherStatuses()).isEqualTo(Map.of("submit 503", 1L, "poll 404", 1L, "expired", 1L));
        assertThat(result.ioErrors() + result.unanswered()).isZero();
        assertThat(result.latency().maxMillis()).isPositive();
    }

    private static void respond(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(bytes);
        }
    }
}
