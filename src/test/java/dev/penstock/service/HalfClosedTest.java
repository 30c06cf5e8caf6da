package dev.penstock.service;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Clients that end their side of the connection once they have sent their calls. {@link CancelTest} has the clients that are gone. */
@WholeService
class HalfClosedTest {
    /** About a second of work, so that the connection is half closed long before the answer. */
    private static final int BUSY_TURNS = 2_000_000;

    private static final String BODY =
            "{\"inputs\":[{\"name\":\"turns\",\"datatype\":\"INT64\",\"shape\":[1],\"data\":[" + BUSY_TURNS + "]}]}";

    @BeforeEach
    void awaitTheModels() {
        Service.underTest().awaitModel(TestModels.PATIENCE).awaitModel("digits");
    }

    @Test
    void answersAClientThatSendsNothingMore() throws IOException {
        try (Wire wire = Wire.open()) {
            wire.send(call("1.1"));
            wire.endInput();

            assertThat(wire.readOne().status()).isEqualTo(102);
            assertThat(wire.read().status()).isEqualTo(200);
            assertThat(wire.isClosed()).isTrue();
        }
    }

    @Test
    void sendsNoInterimResponseToAClientThatKnowsNone() throws IOException {
        try (Wire wire = Wire.open()) {
            wire.send(call("1.0"));
            wire.endInput();

            assertThat(wire.readOne().status()).isEqualTo(200);
        }
    }

    @Test
    void answersAllCallsThatWereSentBeforeTheEnd() throws IOException {
        try (Wire wire = Wire.open()) {
            wire.send(call("1.1"));
            wire.send(GoodInput.call());
            wire.endInput();

            assertThat(wire.read().status()).isEqualTo(200);
            assertThat(wire.read().status()).isEqualTo(200);
            assertThat(wire.isClosed()).isTrue();
        }
    }

    @Test
    void closesAConnectionThatEndsWithinACall() throws IOException {
        try (Wire wire = Wire.open()) {
            wire.send(call("1.1").substring(0, 150));
            wire.endInput();

            assertThat(wire.isClosed()).isTrue();
        }
    }

    @Test
    void closesAConnectionThatEndsBetweenCalls() throws IOException {
        try (Wire wire = Wire.open()) {
            wire.send(GoodInput.call());
            assertThat(wire.read().status()).isEqualTo(200);
            wire.endInput();

            assertThat(wire.isClosed()).isTrue();
        }
    }

    private static String call(String version) {
        return "POST /v2/models/" + TestModels.PATIENCE + "/infer HTTP/" + version
                + "\r\nHost: test\r\nContent-Length: " + BODY.length() + "\r\n\r\n" + BODY;
    }
}
