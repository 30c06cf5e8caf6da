package dev.penstock.service;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Unusual input that is served, because a standard requires it or because it is harmless. */
@WholeService
class ToleratedInputTest {
    @BeforeEach
    void connect() {
        Service.underTest().awaitModel("digits");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "traceparent: garbage",
                "traceparent: 00-00000000000000000000000000000000-0000000000000000-zz",
                "tracestate: ,,,=",
                "Prefer: handling=lenient",
                "Prefer: wait=999999999",
                "Prefer: ,,;",
                "Penstock-Timeout-Ms: 999999999999999999",
                "Content-Type: APPLICATION/JSON ; charset=utf-8",
                "Content-Type: text/plain", // of ab, and of Node's fetch with a string
                "Content-Type: text/html", // of hey
                "Content-Type: application/vnd.acme.request",
                "Content-Type: ;;;",
                "Content-Encoding: identity",
                "Penstock-Priority: 0",
                "Penstock-Priority: 1",
                "Penstock-Priority: 2",
                "Accept: text/nothing",
                "X-Unknown: \u00ff"
            })
    void servesUnusualHeaders(String header) throws IOException {
        assertServed(BadInput.header("", 200, header).bytes());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"parameters\":{\"triton_unknown\":\"x\"}",
                "\"parameters\":{\"timeout\":0,\"priority\":0}",
                "\"parameters\":{\"timeout\":9223372036854775807}",
                "\"parameters\":{\"priority\":2}",
                "\"parameters\":{\"priority\":9223372036854775807}",
                "\"parameters\":null,\"id\":null,\"outputs\":null,\"model_name\":null,\"model_version\":null",
                "\"parameters\":{\"priority\":null,\"timeout\":null}",
                "\"model_name\":\"digits\",\"model_version\":\"1\"",
                "\"model_name\":\"\",\"model_version\":\"\"",
                "\"unknown\":{\"a\":[1,{\"b\":[]}],\"c\":\"]}\"},\"inptus\":[],\"\":1,\"ID\":\"a\"",
                "\"outputs\":[{\"name\":\"digit\",\"shape\":[1],\"datatype\":\"INT64\",\"data\":null}]",
                "\"outputs\":[{\"name\":\"digit\",\"parameters\":null}]",
                "\"id\":\"\"",
                "\"outputs\":[]"
            })
    void servesUnusualMembers(String member) throws IOException {
        assertServed(BadInput.json("", GoodInput.with(member)).bytes());
    }

    @Test
    void servesUnknownMembersOfAnInput() throws IOException {
        assertServed(BadInput.json(
                        "",
                        GoodInput.withInput("\"dtype\":\"FP32\",\"name\":\"pixels\",\"shape\":[1,64],"
                                + "\"datatype\":\"FP32\",\"parameters\":null,\"data\":[" + GoodInput.PIXELS + "]"))
                .bytes());
    }

    @ParameterizedTest
    @ValueSource(strings = {"-0", "-0.0e-0", "1e-400", "0.00000000000000000000000000000000000000000000000001", "1E+2"})
    void servesUnusualNumbers(String number) throws IOException {
        assertServed(BadInput.json("", GoodInput.withNumber(number)).bytes());
    }

    @Test
    void servesABodyInManyChunks() throws IOException {
        StringBuilder call = new StringBuilder(
                "POST " + BadInput.INFER + " HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (byte each : GoodInput.body()) {
            call.append("1;extension=x\r\n").append((char) each).append("\r\n");
        }
        assertServed(call.append("0\r\nX-Trailer: x\r\n\r\n").toString());
    }

    @Test
    void servesPipelinedCallsInOrder() throws IOException {
        String good = new String(GoodInput.call(), ISO_8859_1);
        try (Wire wire = Wire.open()) {
            wire.send(good + BadInput.json("", "{").bytes() + good);
            assertThat(wire.read().status()).isEqualTo(200);
            assertThat(wire.read().status()).isEqualTo(400);
            assertThat(wire.read().status()).isEqualTo(200);
        }
    }

    @Test
    void echoesAnIdOfAnyCharacters() throws IOException {
        try (Wire wire = Wire.open()) {
            wire.send(BadInput.json(
                            "",
                            GoodInput.with("\"id\":\"\\u0000\\ud83d\\ude00</é\"")
                                    .getBytes(UTF_8))
                    .bytes());
            assertThat(wire.read().json().path("id").asText()).isEqualTo("\0\ud83d\ude00</é");
        }
    }

    private static void assertServed(String call) throws IOException {
        try (Wire wire = Wire.open()) {
            wire.send(call);
            Wire.Answer answer = wire.read();
            assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
        }
    }
}
