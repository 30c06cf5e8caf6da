package dev.penstock.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.stream.Stream;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The console where callers authenticate: its events are for those who do, each for its own models. */
@WholeService
@TestProfile(TenantsTest.WithKeys.class)
class ConsoleIdentityTest {
    private static final String[] ANNA = {"X-API-Key", "the key of anna"};

    private final Service service = Service.underTest();

    @BeforeEach
    void awaitModels() {
        await().until(() -> service.get("/v2/models/digits/ready", ANNA).status() == 200
                && service.get("/v2/models/pick/ready", ANNA).status() == 200);
    }

    @Test
    void thePageIsForEverybodyAndItsEventsAreNot() {
        assertThat(service.get("/").status()).isEqualTo(200);
        assertThat(service.get("/console/console.js").status()).isEqualTo(200);
        assertThat(service.get("/console/events").status()).isEqualTo(401);
        assertThat(service.get("/console/other").status()).isEqualTo(401);
    }

    @Test
    void aCallerSeesTheModelsThatItMayUse() throws Exception {
        JsonNode all = firstFrame("the key of anna");
        assertThat(all.path("models").findValuesAsText("name")).contains("digits", "pick");
        assertThat(all.path("service").path("whole").asBoolean()).isTrue();

        JsonNode some = firstFrame("the key of bert");
        assertThat(some.path("models").findValuesAsText("name")).isEqualTo(List.of("pick"));
        assertThat(some.has("service")).isFalse();
    }

    private static JsonNode firstFrame(String key) throws IOException, InterruptedException {
        URI events = ConfigProvider.getConfig().getValue("test.url", URI.class).resolve("/console/events");
        try (HttpClient http = HttpClient.newHttpClient();
                Stream<String> lines = http.send(
                                HttpRequest.newBuilder(events)
                                        .header("X-API-Key", key)
                                        .build(),
                                HttpResponse.BodyHandlers.ofLines())
                        .body()) {
            String frame =
                    lines.filter(line -> line.startsWith("data: ")).findFirst().orElseThrow();
            http.shutdownNow();
            return Service.JSON.readTree(frame.substring("data: ".length()));
        }
    }
}
