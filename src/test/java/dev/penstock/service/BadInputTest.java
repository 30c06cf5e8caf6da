package dev.penstock.service;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.protocol.Problem;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each row of {@link BadInputs} gets exactly its status and an error that names the field and the rule, in the form that the client asks
 * for. The next call is served.
 */
@WholeService
class BadInputTest {
    /** Connections that the service closes a moment after its answer, with what was sent on them. Awaited together. */
    private static final Map<Wire, BadInput> closing = new LinkedHashMap<>();

    @BeforeAll
    static void connect() {
        Service.underTest().awaitModel("digits");
    }

    @AfterAll
    static void closesTheConnectionsAfterTheLastCalls() throws IOException {
        for (Map.Entry<Wire, BadInput> each : closing.entrySet()) {
            try (Wire wire = each.getKey()) {
                assertThat(wire.isClosed()).as(each.getValue().toString()).isTrue();
            }
        }
    }

    static Stream<BadInput> table() {
        return BadInputs.table();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("table")
    void isRejectedAndTheNextCallIsServed(BadInput bad) throws IOException {
        Wire.Answer refusal = refusal(bad.acceptingProblems());

        assertThat(refusal.header("content-type")).isEqualTo(Problem.CONTENT_TYPE);
        assertThat(refusal.header("vary")).matches("Accept(, Origin)?");
        assertThat(refusal.json().path("status").asInt()).isEqualTo(bad.status());
        assertThat(refusal.json().path("title").asText()).isNotBlank();
        assertThat(refusal.json().path("type").asText()).contains(":");
        assertThat(refusal.json().path("detail").asText())
                .isEqualTo(refusal.json().path("error").asText())
                .satisfies(
                        detail -> bad.says().forEach(says -> assertThat(detail).contains(says)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("table")
    void isRejectedInTheProtocolsOwnFormUnlessTheClientAsksForAnother(BadInput bad) throws IOException {
        Wire.Answer refusal = refusal(bad);

        assertThat(refusal.header("content-type")).isEqualTo("application/json");
        assertThat(refusal.header("vary")).matches("Accept(, Origin)?");
        assertThat(refusal.json().properties()).hasSize(1);
        String error = refusal.json().path("error").asText();
        bad.says().forEach(says -> assertThat(error).contains(says));
        assertThat(error).isNotBlank();
    }

    private static Wire.Answer refusal(BadInput bad) throws IOException {
        Wire wire = Wire.open();
        wire.send(bad.bytes());
        Wire.Answer refusal = wire.read();
        assertThat(refusal.status()).as(refusal.toString()).isEqualTo(bad.status());
        if (bad.isLast()) {
            closing.put(wire, bad);
        } else {
            assertServes(wire);
            wire.close();
        }
        try (Wire another = Wire.open()) {
            assertServes(another);
        }
        return refusal;
    }

    private static void assertServes(Wire wire) throws IOException {
        wire.send(GoodInput.call());
        Wire.Answer answer = wire.read();
        assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
    }
}
