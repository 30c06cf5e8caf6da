package dev.penstock.zoo;

import dev.penstock.bench.LocalService;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The service with the models of a repository, in a process of its own, with its own broker and Redis. */
final class ZooService implements Server {
    private static final int OK = 200;

    /** What the worker logs of a model that it refuses, with or without the version. */
    private static final Pattern REFUSAL =
            Pattern.compile("Model (zoo-\\d+)(?: version \\d+)? is not served: (.*)", Pattern.MULTILINE);

    private final LocalService process;
    private final HttpClient http;
    private final Duration limit;

    private ZooService(LocalService process, Duration limit) {
        this.process = process;
        this.limit = limit;
        this.http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    }

    /** @param limit for an answer */
    static Server start(Path models, Duration limit) throws IOException, InterruptedException, EndedException {
        try {
            return new ZooService(
                    LocalService.start(new LocalService.Setup(
                            models,
                            List.of("/v2/health/live"),
                            // As few partitions as can be: hundreds of models are served once each.
                            Map.of("penstock.topics.request-partitions", "1", "penstock.topics.reply-partitions", "1"),
                            Optional.empty(),
                            "zoo")),
                    limit);
        } catch (LocalService.EndedException ended) {
            throw new EndedException(ended);
        }
    }

    @Override
    public boolean isAlive() {
        return process.isAlive();
    }

    @Override
    public boolean isReady(String model) throws InterruptedException {
        return isOk(process.target().http().resolve("/v2/models/" + model + "/ready"));
    }

    @Override
    public Map<String, String> refusals() throws IOException {
        Map<String, String> reasons = new HashMap<>();
        Matcher line = REFUSAL.matcher(Files.readString(process.log()));
        while (line.find()) {
            reasons.put(line.group(1), line.group(2));
        }
        return reasons;
    }

    @Override
    public CompletableFuture<Answer> send(String model, V2Body body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        process.target().http().resolve("/v2/models/" + model + "/infer"))
                .timeout(limit)
                .POST(HttpRequest.BodyPublishers.ofByteArray(body.bytes()));
        if (body.isBinary()) {
            request.header("Content-Type", "application/octet-stream")
                    .header("Inference-Header-Content-Length", Integer.toString(body.jsonBytes()));
        } else {
            request.header("Content-Type", "application/json");
        }
        return http.sendAsync(request.build(), BodyHandlers.ofByteArray()).thenApply(ZooService::answer);
    }

    private static Answer answer(HttpResponse<byte[]> response) {
        return new Answer(
                response.statusCode(),
                response.body(),
                Math.toIntExact(response.headers()
                        .firstValueAsLong("Inference-Header-Content-Length")
                        .orElse(response.body().length)));
    }

    private boolean isOk(URI address) throws InterruptedException {
        try {
            HttpRequest request =
                    HttpRequest.newBuilder(address).timeout(Duration.ofSeconds(5)).build();
            return http.send(request, BodyHandlers.discarding()).statusCode() == OK;
        } catch (IOException notNow) {
            return false;
        }
    }

    @Override
    public void close() {
        http.shutdownNow();
        process.close();
    }
}
