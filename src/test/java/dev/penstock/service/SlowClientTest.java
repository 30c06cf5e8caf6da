package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.messages.RequestId;
import dev.penstock.messages.RequestIds;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Slow clients. The service under test allows 1 s for headers, 1 s for a body, and 5 s for an idle connection. */
@WholeService
class SlowClientTest {
    private static final String HEADERS = "POST " + BadInput.INFER + " HTTP/1.1\r\nHost: test\r\n";

    @BeforeEach
    void connect() {
        Service.underTest().awaitModel("digits");
    }

    @Test
    void rejectsABodyOrHeadersThatStop() throws IOException {
        try (Wire stops = Wire.open();
                Wire neverBegins = Wire.open();
                Wire withinHeaders = Wire.open()) {
            stops.send(HEADERS + "Content-Length: 100\r\n\r\n{\"inputs\"");
            neverBegins.send(HEADERS + "Transfer-Encoding: chunked\r\n\r\n");
            withinHeaders.send(HEADERS + "X-Half: a");
            assertBodyTimeout(stops, "had 9 bytes");
            assertBodyTimeout(neverBegins, "had 0 bytes");
            assertTimeout(withinHeaders, "penstock.ingress.header-timeout");
        }
    }

    @Test
    void rejectsABodyThatTrickles() throws IOException {
        try (Wire wire = Wire.open()) {
            wire.send(HEADERS + "Content-Length: 1000000\r\n\r\n");
            while (!wire.speaks(Duration.ofMillis(20))) {
                wire.send(" ");
            }
            assertBodyTimeout(wire, "bytes by then");
        }
    }

    @Test
    void servesOthersWhileManyAreSlow() throws IOException {
        List<Wire> slow = new ArrayList<>();
        try (Wire quick = Wire.open()) {
            for (int i = 0; i < 100; i++) {
                Wire wire = Wire.open();
                slow.add(wire);
                wire.send(HEADERS + "Content-Length: 1000\r\n\r\n{");
            }
            quick.send(GoodInput.call());
            assertThat(quick.read().status()).isEqualTo(200);
            for (Wire wire : slow) {
                assertBodyTimeout(wire, "had 1 bytes");
            }
        } finally {
            for (Wire wire : slow) {
                wire.close();
            }
        }
    }

    @Test
    void rejectsHeadersThatTrickle() throws IOException {
        try (Wire wire = Wire.open()) {
            wire.send("P");
            while (!wire.speaks(Duration.ofMillis(20))) {
                wire.send("P");
            }
            assertTimeout(wire, "penstock.ingress.header-timeout");
        }
    }

    /** The header timeout restarts with each call, and does not run between calls. */
    @Test
    void rejectsHeadersThatTrickleAfterGoodCalls() throws IOException {
        try (Wire wire = Wire.open()) {
            for (int calls = 0; calls < 3; calls++) {
                wire.send(GoodInput.call());
                assertThat(wire.read().status()).isEqualTo(200);
                assertThat(wire.speaks(Duration.ofMillis(500))).isFalse();
            }
            wire.send("GET /v2 HTTP/1.1\r\n");
            assertTimeout(wire, "penstock.ingress.header-timeout");
        }
    }

    /** The call that waits does so for longer than the idle timeout. */
    @Test
    void closesIdleConnectionsAndKeepsOneThatWaitsForItsResponse() throws IOException {
        RequestId withoutOutcome = new RequestIds(ServiceStack.REQUEST_ID_KEY.getBytes(UTF_8))
                .issue(System.currentTimeMillis(), 60_000, 0, 1, 2);
        try (Wire waits = Wire.open();
                Wire silent = Wire.open();
                Wire done = Wire.open()) {
            waits.send("GET /v2/requests/" + withoutOutcome + " HTTP/1.1\r\nHost: test\r\nPrefer: wait=7\r\n\r\n");
            done.send(GoodInput.call());
            assertThat(done.read().status()).isEqualTo(200);

            assertThat(silent.isClosed()).isTrue();
            assertThat(done.isClosed()).isTrue();
            assertThat(waits.read().json().path("status").asText()).isEqualTo("queued");
        }
    }

    @Test
    void sends100ContinueForABodyThatWaits() throws IOException {
        byte[] body = GoodInput.body();
        try (Wire wire = Wire.open()) {
            wire.send(HEADERS + "Expect: 100-continue\r\nContent-Length: " + body.length + "\r\n\r\n");
            assertThat(wire.readOne().status()).isEqualTo(100);
            wire.send(body);
            assertThat(wire.read().status()).isEqualTo(200);
        }
    }

    private static void assertBodyTimeout(Wire wire, String says) throws IOException {
        assertTimeout(wire, "penstock.ingress.body-timeout", says);
    }

    private static void assertTimeout(Wire wire, String... says) throws IOException {
        Wire.Answer answer = wire.read();
        assertThat(answer.status()).as(answer.toString()).isEqualTo(408);
        assertThat(answer.header("content-type")).isEqualTo("application/json");
        assertThat(answer.json().path("error").asText()).contains(says);
        assertThat(wire.isClosed()).isTrue();
    }
}
