package dev.penstock.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/**
 * A load of asynchronous requests. Virtual threads submit them with {@code Prefer: respond-async} and poll their {@code Location} until
 * they have an outcome. Made for correctness, not for speed.
 *
 * @param infer the URL of the model's {@code infer}
 * @param bodies returns the v2 body of request i; i counts from 0
 * @param concurrent the number of outstanding requests
 * @param patience how long a request may take until its outcome
 * @param check receives the outcome and the v2 response in the status document
 */
public record AsyncLoad(
        URI infer, IntFunction<byte[]> bodies, int requests, int concurrent, Duration patience, Check check) {

    private static final Set<String> PENDING = Set.of("queued", "running");
    private static final ObjectMapper JSON = new ObjectMapper();

    public LoadResult run() {
        long startNanos = System.nanoTime();
        Tally tally = new Tally();
        AtomicInteger next = new AtomicInteger();
        try (HttpClient client = HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .build();
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < concurrent; i++) {
                threads.execute(() -> {
                    for (int index = next.getAndIncrement(); index < requests; index = next.getAndIncrement()) {
                        submitAndPoll(client, index, tally);
                    }
                });
            }
        }
        return tally.result(startNanos);
    }

    private void submitAndPoll(HttpClient client, int index, Tally tally) {
        long startNanos = System.nanoTime();
        try {
            HttpResponse<byte[]> submitted = client.send(submission(index), BodyHandlers.ofByteArray());
            Optional<String> location = submitted.headers().firstValue("Location");
            if (submitted.statusCode() != 202 || location.isEmpty()) {
                String status = submitted.statusCode() == 202
                        ? "submit 202 without Location"
                        : "submit " + submitted.statusCode();
                tally.otherStatus(status, System.nanoTime());
                return;
            }
            HttpRequest poll = poll(infer.resolve(location.get()));
            while (System.nanoTime() - startNanos < patience.toNanos()) {
                if (isSettled(index, client.send(poll, BodyHandlers.ofByteArray()), startNanos, tally)) {
                    return;
                }
            }
            tally.unanswered(1);
        } catch (IOException e) {
            tally.ioError();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            tally.unanswered(1);
        }
    }

    private boolean isSettled(int index, HttpResponse<byte[]> polled, long startNanos, Tally tally) throws IOException {
        long now = System.nanoTime();
        if (polled.statusCode() != 200) {
            tally.otherStatus("poll " + polled.statusCode(), now);
            return true;
        }
        JsonNode document = JSON.readTree(polled.body());
        String status = document.path("status").asText();
        if (PENDING.contains(status)) {
            return false;
        }
        boolean right = check.accepts(index, status, JSON.writeValueAsBytes(document.path("response")));
        if (status.equals("succeeded")) {
            tally.success(right, startNanos, now);
        } else {
            tally.otherStatus(status, now);
        }
        return true;
    }

    private HttpRequest submission(int index) {
        return HttpRequest.newBuilder(infer)
                .timeout(patience)
                .header("Content-Type", "application/json")
                .header("Prefer", "respond-async")
                .POST(BodyPublishers.ofByteArray(bodies.apply(index)))
                .build();
    }

    private HttpRequest poll(URI location) {
        return HttpRequest.newBuilder(location)
                .timeout(patience)
                .header("Prefer", "wait=10")
                .build();
    }
}
