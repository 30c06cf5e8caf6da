package dev.penstock.ledger.drive;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Optional;

/** Makes HTTP calls. Blocks its callers. Thread-safe. */
final class RestClient implements AutoCloseable {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
    /** The service answers at the deadline; what comes so much later is taken for lost. */
    private static final Duration ANSWER_GRACE = Duration.ofSeconds(10);

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_TIMEOUT)
            .build();
    private final Plan plan;

    RestClient(Plan plan) {
        this.plan = plan;
    }

    HttpReader.Answer infer(URI base, byte[] body, boolean async) throws IOException, InterruptedException {
        HttpRequest.Builder request = request(
                        base, "/v2/models/" + plan.model() + "/infer", plan.apiKey(), plan.deadline())
                .header("Content-Type", "application/json")
                .header("Penstock-Timeout-Ms", Long.toString(plan.deadline().toMillis()))
                .POST(BodyPublishers.ofByteArray(body));
        if (async) {
            request.header("Prefer", "respond-async");
        }
        return send(request);
    }

    /** @param wait how long the service may hold the poll until there is an outcome; zero does not ask for it */
    HttpReader.Answer poll(URI base, String id, Optional<String> apiKey, Duration wait)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = request(base, "/v2/requests/" + id, apiKey, wait);
        if (wait.isPositive()) {
            request.header("Prefer", "wait=" + wait.toSeconds());
        }
        return send(request);
    }

    HttpReader.Answer metadata(URI base) throws IOException, InterruptedException {
        return send(request(base, "/v2/models/" + plan.model(), plan.apiKey(), Duration.ZERO));
    }

    @Override
    public void close() {
        http.close();
    }

    private static HttpRequest.Builder request(URI base, String path, Optional<String> apiKey, Duration answerWithin) {
        HttpRequest.Builder request = HttpRequest.newBuilder(base.resolve(path))
                .header("Accept", "application/json, application/problem+json") // the type of a failure counts
                .timeout(answerWithin.plus(ANSWER_GRACE));
        apiKey.ifPresent(key -> request.header("X-API-Key", key));
        return request;
    }

    private HttpReader.Answer send(HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<String> response = http.send(request.build(), BodyHandlers.ofString());
        return new HttpReader.Answer(
                response.statusCode(),
                response.headers().firstValue("Penstock-Request-Id"),
                response.headers().firstValue("Retry-After").isPresent(),
                response.body());
    }
}
