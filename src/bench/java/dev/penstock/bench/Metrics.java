package dev.penstock.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Arrays;

/** A snapshot of a service's metrics, in the Prometheus text format. */
record Metrics(String exposition) {

    static Metrics scrape(URI management) throws IOException, InterruptedException {
        try (HttpClient client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
            HttpRequest request = HttpRequest.newBuilder(management.resolve("/q/metrics"))
                    .timeout(Duration.ofSeconds(10))
                    .build();
            HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
            if (response.statusCode() != 200) {
                throw new IOException(request.uri() + " must return 200, was " + response.statusCode());
            }
            return new Metrics(response.body());
        }
    }

    /** Sums all series of the metric that have these labels, each {@code name="value"}. */
    double sum(String metric, String... labels) {
        return exposition
                .lines()
                .filter(line ->
                        line.startsWith(metric + "{") && Arrays.stream(labels).allMatch(line::contains))
                .mapToDouble(line -> Double.parseDouble(
                        line.substring(line.lastIndexOf('}') + 1).strip().split(" ", 2)[0]))
                .sum();
    }
}
