package dev.penstock.service;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bytes of port scanners and misdirected clients are rejected or cut off, and log no errors. */
@WholeService
class NoHttpTest {
    /** A TLS 1.2 ClientHello with one cipher suite. */
    private static final String CLIENT_HELLO =
            "160301002f0100002b03035a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a000004c02f00ff0100";

    private static final Logger ROOT = Logger.getLogger("");

    private final List<String> errors = new ArrayList<>();
    private final Handler listener = new Handler() {
        @Override
        public void publish(LogRecord entry) {
            if (entry.getLevel().intValue() >= Level.SEVERE.intValue()) {
                synchronized (errors) {
                    errors.add(entry.getLoggerName() + ": " + entry.getMessage());
                }
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    @BeforeEach
    void listen() {
        Service.underTest().awaitModel("digits");
        ROOT.addHandler(listener);
    }

    @AfterEach
    void stopListening() {
        ROOT.removeHandler(listener);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                CLIENT_HELLO,
                "0d0a0d0a0d0a0d0a00",
                "00000000000000000000000000000000",
                "ffffffffffffffff0a0a0a0a",
                "5353482d322e302d4f70656e5353485f392e360d0a", // SSH's greeting
                "2a310d0a24340d0a50494e470d0a", // a PING to Redis
                "0000001400120004000000000001000a70656e73746f636b", // Kafka's ApiVersions request
                "505249202a20485454502f322e300d0a0d0a534d0d0a0d0a" + "ff0000000000000000", // HTTP/2, and no frame
                "474554202f76322048545450ff0d0a0d0a", // GET with a broken version
            })
    void isRejectedAndLaterCallsAreServed(String bytes) throws IOException {
        try (Wire wire = Wire.open()) {
            wire.send(HexFormat.of().parseHex(bytes));
            assertThat(wire.untilClosed())
                    .satisfiesAnyOf(
                            answer -> assertThat(answer).startsWith("HTTP/1.1 4"),
                            answer -> assertThat(answer).doesNotStartWith("HTTP/1.1"));
        }
        try (Wire another = Wire.open()) {
            another.send(GoodInput.call());
            assertThat(another.read().status()).isEqualTo(200);
        }
        synchronized (errors) {
            assertThat(errors).isEmpty();
        }
    }
}
