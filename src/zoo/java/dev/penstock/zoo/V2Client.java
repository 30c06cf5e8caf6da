package dev.penstock.zoo;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** Calls a service over HTTP. */
public final class V2Client implements AutoCloseable {
    private static final int OK = 200;
    private static final Duration LOOK = Duration.ofSeconds(5);

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final URI base;
    private final Duration limit;

    /** @param limit for an answer */
    public V2Client(URI base, Duration limit) {
        this.base = base;
        this.limit = limit;
    }

    /** The status and the body of a response. The tensors in binary form begin after {@code jsonBytes}. */
    @SuppressWarnings("ArrayRecordComponent") // not copied, and answers are not compared
    public record Answer(int status, byte[] body, int jsonBytes) {}

    /** Whether calls of the model are served. */
    boolean isReady(String model) throws InterruptedException {
        try {
            HttpRequest request = HttpRequest.newBuilder(base.resolve("/v2/models/" + model + "/ready"))
                    .timeout(LOOK)
                    .build();
            return http.send(request, BodyHandlers.discarding()).statusCode() == OK;
        } catch (IOException notNow) {
            return false;
        }
    }

    /** Sends a request. Completes with an {@link IOException} when the service ends, or does not answer in time. */
    public CompletableFuture<Answer> send(String model, V2Body body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(base.resolve("/v2/models/" + model + "/infer"))
                .timeout(limit)
                .POST(HttpRequest.BodyPublishers.ofByteArray(body.bytes()));
        if (body.isBinary()) {
            request.header("Content-Type", "application/octet-stream")
                    .header("Inference-Header-Content-Length", Integer.toString(body.jsonBytes()));
        } else {
            request.header("Content-Type", "application/json");
        }
        return http.sendAsync(request.build(), BodyHandlers.ofByteArray()).thenApply(V2Client::answer);
    }

    private static Answer answer(HttpResponse<byte[]> response) {
        return new Answer(
                response.statusCode(),
                response.body(),
                Math.toIntExact(response.headers()
                        .firstValueAsLong("Inference-Header-Content-Length")
                        .orElse(response.body().length)));
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
