package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.messages.RequestIds;
import dev.penstock.samples.DigitsTable;
import io.quarkus.test.common.http.TestHTTPResource;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@WholeService
class AsynchronousTest {
    private static final String INFER = "/v2/models/digits/infer";
    private static final String BODY =
            Digits.request(DigitsTable.load().heldOut().getFirst());

    private Service service;

    @TestHTTPResource(value = "health", management = true)
    URI health = URI.create("http://localhost"); // injected

    /** Until the service is ready, it may stand still for a second, when it gives back what loading has used. Calls are refused then. */
    @BeforeEach
    void connect() {
        service = Service.underTest().awaitModel("digits");
        await().atMost(Duration.ofMinutes(4))
                .until(() ->
                        new Service(health).get(health.getPath() + "/ready").status() == 200);
    }

    @Test
    void acceptsNowAndRespondsLater() {
        Service.Answer accepted = service.post(INFER, BODY, "Prefer", "respond-async");
        assertThat(accepted.status()).isEqualTo(202);
        assertThat(accepted.header("Preference-Applied")).isEqualTo("respond-async");
        assertThat(accepted.header("Retry-After")).isNotBlank();
        String id = accepted.json().path("id").asText();
        assertThat(accepted.header("Location")).isEqualTo("/v2/requests/" + id);
        assertThat(accepted.json().path("status").asText()).isEqualTo("queued");

        JsonNode done =
                service.get(accepted.header("Location"), "Prefer", "wait=10").json();
        assertThat(done.path("status").asText()).isEqualTo("succeeded");
        assertThat(done.path("id").asText()).isEqualTo(id);
        assertThat(done.path("model_name").asText()).isEqualTo("digits");
        assertThat(done.path("model_version").asText()).isEqualTo("1");
        assertThat(done.path("timings").path("batch_size").asInt()).isPositive();
        assertThat(Instant.parse(done.path("completed_at").asText()))
                .isAfter(Instant.parse(done.path("submitted_at").asText()));
        JsonNode synchronous = service.post(INFER, BODY).json();
        assertThat(done.path("response").path("outputs")).isEqualTo(synchronous.path("outputs"));
    }

    @Test
    void pollsWithoutWaiting() {
        String location = service.post(INFER, BODY, "Prefer", "respond-async").header("Location");
        await().atMost(Duration.ofSeconds(90))
                .until(() ->
                        service.get(location).json().path("status").asText().equals("succeeded"));
    }

    @Test
    void returnsTheResultWhenItArrivesWithinTheWait() {
        Service.Answer answer = service.post(INFER, BODY, "Prefer", "respond-async, wait=10");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.json().path("outputs")).hasSize(2);
    }

    @Test
    void showsABinaryResultAsJson() {
        String binary = BODY.replaceFirst("\\{", "{\"parameters\":{\"binary_data_output\":true},");
        String location = service.post(INFER, binary, "Prefer", "respond-async").header("Location");
        JsonNode done = service.get(location, "Prefer", "wait=10").json();
        assertThat(done.path("response").path("outputs"))
                .isEqualTo(service.post(INFER, BODY).json().path("outputs"));
    }

    @Test
    void rejectsForgedIds() {
        Service.Answer accepted = service.post(INFER, BODY, "Prefer", "respond-async");
        assertThat(accepted.status()).as(accepted.json().toString()).isEqualTo(202);
        String id = accepted.json().path("id").asText();
        String forged = (id.charAt(0) == 'A' ? 'B' : 'A') + id.substring(1);
        assertThat(service.get("/v2/requests/" + forged).status()).isEqualTo(404);
        assertThat(service.get("/v2/requests/nonsense").status()).isEqualTo(404);
        assertThat(service.send("DELETE", "/v2/requests/" + forged, BodyPublishers.noBody())
                        .status())
                .isEqualTo(404);
        assertThat(service.get("/v2/requests/" + forged + "/events").status()).isEqualTo(404);
    }

    @Test
    void showsAnAcceptedRequestWithoutOutcomeAsQueued() {
        Service.Answer answer = service.get("/v2/requests/" + issued(Instant.now()));
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.json().path("status").asText()).isEqualTo("queued");
        assertThat(answer.header("Retry-After")).isNotBlank();
    }

    @Test
    void reportsThatAResultIsNoLongerKept() {
        Service.Answer gone = service.get("/v2/requests/" + issued(Instant.now().minus(Duration.ofHours(2))));
        assertThat(gone.status()).isEqualTo(410);
        assertThat(gone.json().path("error").asText()).isNotBlank();
    }

    @Test
    void reportsTheOutcomeOfASynchronousCallForAsLongAsItsTopicKeepsIt() {
        Instant aWhileAgo = Instant.now().minus(Duration.ofMinutes(11));
        assertThat(service.get("/v2/requests/" + issued(aWhileAgo, 1)).status()).isEqualTo(410);
        assertThat(service.get("/v2/requests/" + issued(aWhileAgo, 2)).status()).isEqualTo(504);
    }

    @Test
    void cancelsASynchronousCallThatWasGivenUp() {
        String location = "/v2/requests/" + issued(Instant.now(), 1);
        assertThat(delete(location).status()).isEqualTo(202);
        assertThat(service.get(location).json().path("status").asText()).isEqualTo("cancelled");
        assertThat(delete(location).status()).isEqualTo(409);
    }

    @Test
    void cancelsARequestWithoutAnOutcome() {
        String location = "/v2/requests/" + issued(Instant.now());
        assertThat(delete(location).status()).isEqualTo(202);
        assertThat(service.get(location, "Prefer", "wait=10")
                        .json()
                        .path("status")
                        .asText())
                .isEqualTo("cancelled");
        assertThat(delete(location).status()).isEqualTo(409);
    }

    @Test
    void doesNotCancelARequestWithAnOutcome() {
        String location = service.post(INFER, BODY, "Prefer", "respond-async").header("Location");
        service.get(location, "Prefer", "wait=10");
        Service.Answer refused = delete(location);
        assertThat(refused.status()).isEqualTo(409);
        assertThat(refused.json().path("error").asText()).contains("succeeded");
        assertThat(service.get(location).json().path("status").asText()).isEqualTo("succeeded");
    }

    @Test
    void streamsEventsUntilTheOutcome() {
        String location = "/v2/requests/" + issued(Instant.now());
        CompletableFuture<String> events = new CompletableFuture<>();
        Thread.ofVirtual()
                .start(() -> events.complete(
                        new String(service.get(location + "/events").body(), UTF_8)));
        delete(location);
        assertThat(events)
                .succeedsWithin(Duration.ofSeconds(60))
                .asString()
                .contains("event:cancelled")
                .contains("\"status\":\"cancelled\"");
    }

    /** The service under test closes idle connections after 5 s, and sends a heartbeat on quiet streams every second. */
    @Test
    void keepsAQuietStreamOfEventsOpenBeyondTheIdleTimeout() throws IOException {
        String location = "/v2/requests/" + issued(Instant.now());
        try (Wire wire = Wire.open()) {
            wire.send("GET " + location + "/events HTTP/1.1\r\nHost: test\r\n\r\n");
            for (int beats = 0; beats < 7; ) {
                beats += wire.line().equals(":waiting") ? 1 : 0;
            }
            delete(location);
            String line = wire.line();
            while (!line.startsWith("event:")) {
                line = wire.line();
            }
            assertThat(line).isEqualTo("event:cancelled");
        }
    }

    /** Its reply was lost, or no worker has sent one: the poll does not pretend that it waits in a queue. */
    @Test
    void aRequestWhoseReplyIsLongOverdueIsNotCalledQueued() {
        String location = "/v2/requests/" + issued(Instant.now().minus(Duration.ofMinutes(2)));
        Service.Answer overdue = service.get(location);
        ErrorTableTest.assertProblem(overdue, 504, "tag:penstock.dev,2026:problem/deadline-exceeded");
        assertThat(overdue.header("Retry-After")).isNotBlank();
        delete(location);
        String events = new String(service.get(location + "/events").body(), UTF_8);
        assertThat(events).contains("event:cancelled").doesNotContain("queued");
    }

    private Service.Answer delete(String location) {
        return service.send("DELETE", location, BodyPublishers.noBody());
    }

    /** Issues an id as an ingress would have at that time, for a request that never reaches a worker. */
    private static String issued(Instant at) {
        return issued(at, 2 * (int) (System.nanoTime() >>> 2));
    }

    /** @param sequence odd for a synchronous call */
    private static String issued(Instant at, int sequence) {
        return new RequestIds(ServiceStack.REQUEST_ID_KEY.getBytes(UTF_8))
                .issue(at.toEpochMilli(), 1000, 0, 1, sequence)
                .toString();
    }
}
