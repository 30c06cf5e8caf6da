package dev.penstock.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Asks the started service whether it is ready, and what it serves. Confined to one thread. */
final class FirstLook implements AutoCloseable {
    private static final Duration INTERVAL = Duration.ofMillis(100);
    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final int OK = 200;
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Of many models, these have examples that mean something. */
    private static final Set<String> SAMPLES = Set.of("digits", "churn");

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Addresses addresses;

    FirstLook(Addresses addresses) {
        this.addresses = addresses;
    }

    void awaitReady() throws InterruptedException {
        while (!isReady() && !servesNothing()) {
            Thread.sleep(INTERVAL);
        }
    }

    boolean isReady() throws InterruptedException {
        return get(addresses.management() + "/q/health/ready").isPresent();
    }

    /** Then the worker never gets ready, and its log says why. */
    private boolean servesNothing() throws InterruptedException {
        return ask(addresses.management() + "/q/health/ready")
                .filter(answer -> answer.body().contains("serves nothing"))
                .isPresent();
    }

    /** Calls of the sample models, or of the first model where neither is served. Empty when none is served here. */
    List<String> examples() throws InterruptedException {
        if (addresses.http().isEmpty()) {
            return List.of();
        }
        String api = addresses.http().get() + "/v2/models";
        List<String> names = new ArrayList<>();
        get(api).ifPresent(answer -> answer.path("models").forEach(name -> names.add(name.asText())));
        List<String> samples = names.stream().filter(SAMPLES::contains).toList();
        List<String> examples = new ArrayList<>();
        for (String name : samples.isEmpty() ? names.stream().limit(1).toList() : samples.reversed()) {
            get(api + "/" + name)
                    .ifPresent(metadata ->
                            examples.add(ExampleCall.of(addresses.http().get(), metadata)));
        }
        return examples;
    }

    /** Empty unless the answer is 200. */
    private Optional<JsonNode> get(String address) throws InterruptedException {
        Optional<HttpResponse<String>> answer = ask(address).filter(each -> each.statusCode() == OK);
        try {
            return answer.isEmpty()
                    ? Optional.empty()
                    : Optional.of(JSON.readTree(answer.get().body()));
        } catch (IOException notJson) {
            return Optional.empty();
        }
    }

    /** Empty when nobody answers. */
    private Optional<HttpResponse<String>> ask(String address) throws InterruptedException {
        try {
            return Optional.of(http.send(
                    HttpRequest.newBuilder(URI.create(address)).timeout(TIMEOUT).build(),
                    HttpResponse.BodyHandlers.ofString()));
        } catch (IOException notYet) {
            return Optional.empty();
        }
    }

    @Override
    public void close() {
        http.close();
    }
}
