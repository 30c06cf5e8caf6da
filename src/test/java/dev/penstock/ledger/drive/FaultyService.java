package dev.penstock.ledger.drive;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/** A service that speaks the REST contract, returns its inputs as outputs, and breaks the promise on demand. */
final class FaultyService implements AutoCloseable {
    static final String OWN_KEY = "own";
    static final String OTHER_KEY = "other";

    /** The ways to break the promise with one request. */
    enum Fault {
        NONE,
        /** It never has an outcome. */
        LOSES,
        /** The second poll sees another outcome. */
        CHANGES,
        /** The second poll sees none. */
        WITHDRAWS,
        /** The second poll is 404. */
        FORGETS,
        /** The output is that of the request before. */
        SWAPS,
        /** Another tenant may poll it. */
        SHOWS,
        /** 503 without Retry-After. */
        REFUSES_RUDELY,
        /** 503 with Retry-After: no violation. */
        REFUSES,
        /** The answer is not JSON. */
        GARBLES,
        /** The answer is 504, and polls find the outcome later: no violation. */
        IS_LATE,
        /** The first poll finds no outcome: no violation. */
        SETTLES_LATE
    }

    private record Request(int number, String response, boolean isAsync, AtomicInteger polls) {}

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final IntFunction<Fault> faults;
    private final Map<String, Request> requests = new ConcurrentHashMap<>();
    private volatile String outputBefore = "[0,0,0,0]";

    /** @param faults for the number at the end of a request's id */
    FaultyService(IntFunction<Fault> faults) throws IOException {
        this.faults = faults;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/v2/models/m", this::model);
        server.createContext("/v2/requests/", this::poll);
        server.start();
    }

    URI url() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }

    private void model(HttpExchange call) throws IOException {
        if (call.getRequestMethod().equals("GET")) {
            answer(call, 200, "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[-1,4]}]}");
            return;
        }
        JsonNode body = HttpReader.JSON.readTree(call.getRequestBody());
        String id = body.path("id").asText();
        int number = Integer.parseInt(id.substring(id.lastIndexOf('-') + 1));
        String output = body.at("/inputs/0/data").toString();
        Fault fault = faults.apply(number);
        String shown = fault == Fault.SWAPS ? outputBefore : output;
        outputBefore = output;
        boolean isAsync = call.getRequestHeaders().containsKey("Prefer");
        Request request = new Request(number, response(id, shown), isAsync, new AtomicInteger());
        if (fault == Fault.REFUSES || fault == Fault.REFUSES_RUDELY) {
            if (fault == Fault.REFUSES) {
                call.getResponseHeaders().add("Retry-After", "1");
            }
            answer(call, 503, "{\"type\":\"x/temporary-reduced-capacity\"}");
            return;
        }
        String requestId = "r" + id;
        requests.put(requestId, request);
        call.getResponseHeaders().add("Penstock-Request-Id", requestId);
        if (isAsync) {
            answer(call, 202, "{}");
        } else if (fault == Fault.IS_LATE || fault == Fault.LOSES) {
            answer(call, 504, "{\"type\":\"x/deadline-exceeded\"}");
        } else {
            answer(call, 200, fault == Fault.GARBLES ? "<html>" : request.response());
        }
    }

    private void poll(HttpExchange call) throws IOException {
        String id = call.getRequestURI().getPath().substring("/v2/requests/".length());
        Request request = requests.get(id);
        boolean isOther = OTHER_KEY.equals(call.getRequestHeaders().getFirst("X-API-Key"));
        if (request == null || (isOther && faults.apply(request.number()) != Fault.SHOWS)) {
            answer(call, 404, "{\"type\":\"x/not-found\"}");
            return;
        }
        boolean isFirst = isOther || request.polls().incrementAndGet() == 1;
        String succeeded = document(id, "succeeded", ",\"response\":" + request.response());
        switch (faults.apply(request.number())) {
            case LOSES -> answer(call, 200, document(id, "queued", ""));
            case SETTLES_LATE -> answer(call, 200, isFirst ? document(id, "queued", "") : succeeded);
            case CHANGES -> answer(call, 200, isFirst ? succeeded : document(id, "expired", ""));
            case WITHDRAWS -> answer(call, 200, isFirst ? succeeded : document(id, "queued", ""));
            case FORGETS -> answer(call, isFirst ? 200 : 404, succeeded);
            default -> answer(call, 200, succeeded);
        }
    }

    private static String document(String id, String status, String more) {
        return "{\"id\":\"%s\",\"status\":\"%s\"%s}".formatted(id, status, more);
    }

    private static String response(String id, String output) {
        return "{\"id\":\"%s\",\"model_version\":\"1\",\"outputs\":[{\"name\":\"y\",\"datatype\":\"FP32\",\"data\":%s}]}"
                .formatted(id, output);
    }

    private static void answer(HttpExchange call, int code, String body) throws IOException {
        try (call) {
            byte[] bytes = body.getBytes(UTF_8);
            call.sendResponseHeaders(code, bytes.length);
            call.getResponseBody().write(bytes);
        }
    }
}
