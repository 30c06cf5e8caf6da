package dev.penstock.cli;

import dev.penstock.diagnosis.Diagnosis;
import dev.penstock.diagnosis.Snapshot;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Reads the metrics of some processes over HTTP, for {@code ./penstock diagnose}. */
final class MetricsReader {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final int OK = 200;

    private final List<URI> addresses;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(TIMEOUT)
            .build();

    /** @param managements addresses of processes, with any path or none */
    MetricsReader(List<URI> managements) {
        this.addresses = managements.stream()
                .map(address -> address.resolve("/q/metrics"))
                .distinct()
                .toList();
    }

    /**
     * Reads, waits, reads again and prints the verdict.
     *
     * @return the exit code
     */
    int diagnose(Duration between) throws InterruptedException {
        try {
            Snapshot earlier = read();
            Thread.sleep(between);
            System.out.println(Diagnosis.of(earlier, read()).text());
            return ExitCode.OK.code();
        } catch (IOException silent) {
            System.err.println("penstock diagnose: " + silent.getMessage());
            return ExitCode.FAILED.code();
        }
    }

    /** @throws IOException if an address does not answer; it names the address and what to do */
    private Snapshot read() throws IOException, InterruptedException {
        Duration at = Duration.ofNanos(System.nanoTime());
        List<String> texts = new ArrayList<>();
        for (URI address : addresses) {
            texts.add(read(address));
        }
        return Snapshot.of(at, texts);
    }

    private String read(URI address) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(address).timeout(TIMEOUT).build();
        HttpResponse<String> answer;
        try {
            answer = http.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException absent) {
            throw new IOException(
                    "%s does not answer (%s); --url takes management addresses, port 9000 by default"
                            .formatted(address, absent.getClass().getSimpleName()),
                    absent);
        }
        if (answer.statusCode() != OK) {
            throw new IOException("%s must answer 200, was %d; --url takes management addresses, port 9000 by default"
                    .formatted(address, answer.statusCode()));
        }
        return answer.body();
    }
}
