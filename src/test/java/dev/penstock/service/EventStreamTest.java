package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.penstock.samples.DigitsTable;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Event streams as browsers read them (HTML standard, section 9.2). */
@WholeService
class EventStreamTest {
    private static final String SEVEN =
            Digits.request(DigitsTable.load().heldOut().getFirst());

    private Service service;

    @BeforeEach
    void awaitTheModel() {
        service = Service.underTest().awaitModel("digits");
    }

    @Test
    void eachEventHasAnIdAndNoCacheKeepsTheStream() {
        Service.Answer stream = service.get(done() + "/events");

        assertThat(new String(stream.body(), UTF_8)).contains("event:succeeded").contains("id:succeeded");
        assertThat(stream.header("Cache-Control")).isEqualTo("no-store, no-transform");
        assertThat(service.get(done()).header("Cache-Control")).isEqualTo("no-store, no-transform");
    }

    /** 204 is the answer after which a browser does not connect again. */
    @ParameterizedTest
    @ValueSource(strings = {"succeeded", "failed", "expired", "cancelled"})
    void nothingFollowsAnOutcome(String outcome) {
        Service.Answer end = service.get(done() + "/events", "Last-Event-ID", outcome);

        assertThat(end.status()).isEqualTo(204);
        assertThat(end.body()).isEmpty();
    }

    @Test
    void theOutcomeFollowsTheFirstStatus() {
        Service.Answer rest = service.get(done() + "/events", "Last-Event-ID", "queued");

        assertThat(new String(rest.body(), UTF_8)).contains("event:succeeded").doesNotContain("event:status");
    }

    @Test
    void aBrowserHearsTheOutcomeOnceAndStops() throws IOException {
        Optional<Path> executable = Chromium.installed();
        assumeTrue(executable.isPresent(), "no Chromium on the PATH");
        URI base = ConfigProvider.getConfig().getValue("test.url", URI.class);
        try (Chromium browser = Chromium.start(executable.get())) {
            browser.open(base.resolve("/v2")); // of the same origin, and without a policy of its own
            await().until(() -> browser.evaluate("location.pathname").asText().equals("/v2"));
            browser.evaluate("window.heard = []; window.source = new EventSource('" + submitted() + "/events');"
                    + "source.addEventListener('succeeded', event => heard.push(event.lastEventId)); 1");

            await().until(() -> browser.evaluate("source.readyState").asInt() == 2); // CLOSED
            assertThat(browser.evaluate("heard.join()").asText()).isEqualTo("succeeded");
        }
    }

    /** The address of a request that has its outcome. */
    private String done() {
        String location = submitted();
        assertThat(service.get(location, "Prefer", "wait=30")
                        .json()
                        .path("status")
                        .asText())
                .isEqualTo("succeeded");
        return location;
    }

    private String submitted() {
        return service.post("/v2/models/digits/infer", SEVEN, "Prefer", "respond-async")
                .header("Location");
    }
}
