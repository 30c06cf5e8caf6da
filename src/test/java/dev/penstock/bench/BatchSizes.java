package dev.penstock.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/** What a worker's metrics say about the batches of a model so far. */
record BatchSizes(double rows, double batches) {

    static BatchSizes scrape(URI management, String model) throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpRequest request = HttpRequest.newBuilder(management.resolve("/q/metrics"))
                    .timeout(Duration.ofSeconds(10))
                    .build();
            HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
            if (response.statusCode() != 200) {
                throw new IOException(request.uri() + " must be 200, was " + response.statusCode());
            }
            return parse(response.body(), model);
        }
    }

    /** @param exposition in Prometheus' text format; series of several workers and versions are added up */
    static BatchSizes parse(String exposition, String model) {
        return new BatchSizes(
                sum(exposition, "inference_batch_size_sum{", model),
                sum(exposition, "inference_batch_size_count{", model));
    }

    private static double sum(String exposition, String start, String model) {
        return exposition
                .lines()
                .filter(line -> line.startsWith(start) && line.contains("model=\"" + model + "\""))
                .mapToDouble(line -> Double.parseDouble(
                        line.substring(line.lastIndexOf('}') + 1).strip().split(" ", 2)[0]))
                .sum();
    }

    /** The mean size of the batches since then; 0 when there were none. */
    double meanSince(BatchSizes earlier) {
        double since = batches - earlier.batches;
        return since == 0 ? 0 : (rows - earlier.rows) / since;
    }
}
