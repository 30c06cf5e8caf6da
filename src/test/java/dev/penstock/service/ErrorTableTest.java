package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every reachable row of the contract's error table: its status, its problem document and its v2 {@code error} member. */
@WholeService
class ErrorTableTest {
    private static final String INFER = "/v2/models/digits/infer";
    private static final String PIXELS = "0,".repeat(63) + "0";

    private Service service;

    @BeforeEach
    void connect() {
        service = Service.underTest().awaitModel("digits");
    }

    static Stream<Arguments> badBodies() {
        return Stream.of(
                bad("empty body", "", "body"),
                bad("malformed JSON", "{\"inputs\":[", ""),
                bad("not an object", "[]", "body"),
                bad("trailing garbage", input("[1,64]", "FP32", PIXELS) + "x", "body"),
                bad("no inputs", "{}", "inputs"),
                bad("inputs null", "{\"inputs\":null}", "inputs"),
                bad("NaN", input("[1,64]", "FP32", PIXELS.replaceFirst("0", "NaN")), "inputs[0].data[0]"),
                bad("overflow", input("[1,64]", "FP32", PIXELS.replaceFirst("0", "1e999999999")), "inputs[0].data[0]"),
                bad("overflow of FP32", input("[1,64]", "FP32", PIXELS.replaceFirst("0", "3e39")), "inputs[0].data[0]"),
                bad(
                        "string for a number",
                        input("[1,64]", "FP32", PIXELS.replaceFirst("0", "\"0\"")),
                        "inputs[0].data[0]"),
                bad("duplicate key", "{\"inputs\":[],\"inputs\":[]}", "inputs"),
                bad("depth over 64", input("[1,64]", "FP32", "[".repeat(70) + "]".repeat(70)), ""),
                bad("too few data", input("[1,64]", "FP32", "1,2,3"), "inputs[0].data"),
                bad("too many data", input("[1,64]", "FP32", PIXELS + ",1"), "inputs[0].data"),
                bad("negative dimension", input("[-1,64]", "FP32", PIXELS), "inputs[0].shape"),
                bad("no rows", input("[0,64]", "FP32", ""), "inputs[0].shape"),
                bad(
                        "too many rows",
                        input("[4097,64]", "FP32", (PIXELS + ",").repeat(4096) + PIXELS),
                        "inputs[0].shape"),
                bad("wrong shape", input("[64]", "FP32", PIXELS), "inputs[0].shape"),
                bad("shape overflow", input("[4611686018427387904,64]", "FP32", PIXELS), "inputs[0].shape"),
                bad("wrong datatype", input("[1,64]", "FP64", PIXELS), "inputs[0].datatype"),
                bad("unknown datatype", input("[1,64]", "FLOAT", PIXELS), "inputs[0].datatype"),
                bad("FP16 in JSON", input("[1,64]", "FP16", PIXELS), "inputs[0]"),
                bad("unknown input", input("[1,64]", "FP32", PIXELS).replace("pixels", "pixel"), "inputs[0].name"),
                bad(
                        "unknown output",
                        input("[1,64]", "FP32", PIXELS).replaceFirst("\\{", "{\"outputs\":[{\"name\":\"x\"}],"),
                        "outputs[0].name"),
                bad(
                        "bad priority",
                        input("[1,64]", "FP32", PIXELS).replaceFirst("\\{", "{\"parameters\":{\"priority\":\"now\"},"),
                        "parameters.priority"),
                bad(
                        "bad timeout",
                        input("[1,64]", "FP32", PIXELS).replaceFirst("\\{", "{\"parameters\":{\"timeout\":-1},"),
                        "parameters.timeout"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badBodies")
    void rejectsABadBody(String what, String body, String field) {
        Service.Answer answer = service.post(INFER, body);
        assertProblem(answer, 400, "tag:penstock.dev,2026:problem/invalid-request");
        assertThat(answer.json().path("field").asText()).startsWith(field);
        assertThat(answer.json().path("rule").asText()).isNotBlank();
    }

    static Stream<Arguments> badHeaders() {
        return Stream.of(
                Arguments.of("Prefer", "wait=soon"),
                Arguments.of("Penstock-Timeout-Ms", "0"),
                Arguments.of("Penstock-Timeout-Ms", "1.5"),
                Arguments.of("Penstock-Priority", "urgent"),
                Arguments.of("Inference-Header-Content-Length", "-1"),
                Arguments.of("Inference-Header-Content-Length", "999999"));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("badHeaders")
    void rejectsABadHeader(String name, String value) {
        Service.Answer answer = service.post(INFER, input("[1,64]", "FP32", PIXELS), name, value);
        assertProblem(answer, 400, "tag:penstock.dev,2026:problem/invalid-request");
        assertThat(answer.json().path("field").asText()).isEqualTo(name);
    }

    @Test
    void rejectsAModelThatNoWorkerAnnounced() {
        assertProblem(service.post("/v2/models/nothing/infer", "{}"), 404, "tag:penstock.dev,2026:problem/not-found");
        assertProblem(service.get("/v2/models/nothing"), 404, "tag:penstock.dev,2026:problem/not-found");
        assertProblem(service.get("/v2/models/nothing/ready"), 404, "tag:penstock.dev,2026:problem/not-found");
        assertProblem(
                service.post("/v2/models/digits/versions/9/infer", "{}"),
                404,
                "tag:penstock.dev,2026:problem/not-found");
    }

    @Test
    void rejectsAnUnknownPath() {
        assertProblem(service.get("/v2/nothing"), 404, "tag:penstock.dev,2026:problem/not-found");
        assertProblem(service.get("/nothing"), 404, "tag:penstock.dev,2026:problem/not-found");
    }

    @Test
    void rejectsAnUnsupportedMethodAndNamesThoseThatAreSupported() {
        Service.Answer answer = service.get(INFER);
        assertProblem(answer, 405, "tag:penstock.dev,2026:problem/method-not-allowed");
        assertThat(answer.header("Allow")).isEqualTo("POST, OPTIONS");
    }

    /** Words of the framework say nothing to a caller. */
    @Test
    void saysWhatIsWrongInWordsOfItsOwn() {
        assertThat(service.get("/v2/nothing").json().path("error").asText())
                .isEqualTo("there is nothing at this address");
        assertThat(service.get(INFER).json().path("error").asText())
                .startsWith("this address does not take this method");
        assertThat(service.get("/v2/requests/x/events", "Accept", "text/xml")
                        .json()
                        .path("error")
                        .asText())
                .isEqualTo("the answer has no form that Accept allows");
        assertThat(service.post(INFER, "not json").json().path("error").asText())
                .isEqualTo("body: must be valid JSON: expected a value (byte 0)");
    }

    @Test
    void rejectsABodyOverTheLimit() {
        Service.Answer answer = service.post(INFER, new byte[1_048_577]);
        assertProblem(answer, 413, "tag:penstock.dev,2026:problem/payload-too-large");
        assertThat(answer.json().path("detail").asText()).contains("penstock.max-request-bytes");
    }

    @Test
    void rejectsAChunkedBodyOverTheLimit() {
        Service.Answer answer = service.send(
                "POST", INFER, BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(new byte[1_048_577])));
        assertProblem(answer, 413, "tag:penstock.dev,2026:problem/payload-too-large");
    }

    /** If the service closed the connection at once, further bytes would reset it, and the client would lose the response. */
    @Test
    void theResponseToABodyOverTheLimitReachesAClientThatKeepsSending() throws IOException {
        try (Wire wire = Wire.open()) {
            wire.send("POST " + INFER + " HTTP/1.1\r\nHost: test\r\nContent-Length: 4000000\r\n\r\n");
            for (int i = 0; i < 40; i++) {
                wire.send(new byte[50_000]);
            }
            assertThat(wire.read().status()).isEqualTo(413);
            assertThat(wire.isClosed()).isTrue();
        }
    }

    @Test
    void acceptsAChunkedBody() {
        String body = input("[1,64]", "FP32", PIXELS) + " ".repeat(200_000);
        Service.Answer answer = service.send(
                "POST", INFER, BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body.getBytes(UTF_8))));
        assertThat(answer.status()).isEqualTo(200);
    }

    @Test
    void rejectsATensorOverTheModelsLimit() {
        Service.Answer answer = service.post(
                "/v2/models/" + TestModels.SMALL_TENSORS + "/infer",
                "{\"inputs\":[{\"name\":\"x\",\"shape\":[4,3],\"datatype\":\"FP32\",\"data\":[1,2,3,4,5,6,7,8,9,10,11,12]}]}");
        assertProblem(answer, 413, "tag:penstock.dev,2026:problem/payload-too-large");
    }

    @Test
    void rejectsUnsupportedContentTypes() {
        String body = input("[1,64]", "FP32", PIXELS);
        assertProblem(
                service.post(INFER, body, "Content-Type", "text/xml"),
                415,
                "tag:penstock.dev,2026:problem/unsupported-media-type");
        assertProblem(
                service.post(INFER, body, "Content-Encoding", "br"),
                415,
                "tag:penstock.dev,2026:problem/unsupported-media-type");
    }

    @Test
    void rejectsUnsupportedAcceptTypes() {
        assertProblem(
                service.get("/v2/requests/x/events", "Accept", "text/xml, application/problem+json"),
                406,
                "tag:penstock.dev,2026:problem/not-acceptable");
    }

    @Test
    void reportsAFailedRequest() {
        Service.Answer answer = service.post(
                "/v2/models/" + TestModels.PICK + "/infer",
                "{\"inputs\":[{\"name\":\"index\",\"shape\":[1],\"datatype\":\"INT64\",\"data\":[99]}]}");
        assertProblem(answer, 500, "tag:penstock.dev,2026:problem/inference-failed");
    }

    @Test
    void servesAGoodRequestAfterwards() {
        assertThat(service.post(INFER, input("[1,64]", "FP32", PIXELS)).status())
                .isEqualTo(200);
    }

    static void assertProblem(Service.Answer answer, int status, String type) {
        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
        assertThat(answer.header("Vary")).matches("Accept(, Origin)?");
        assertThat(answer.json().path("status").asInt()).isEqualTo(status);
        assertThat(answer.json().path("type").asText()).isEqualTo(type);
        assertThat(answer.json().path("title").asText()).isNotBlank();
        assertThat(answer.json().path("error").asText())
                .isNotBlank()
                .isEqualTo(answer.json().path("detail").asText());
    }

    private static Arguments bad(String what, String body, String field) {
        return Arguments.of(what, body, field);
    }

    private static String input(String shape, String datatype, String data) {
        return "{\"inputs\":[{\"name\":\"pixels\",\"shape\":" + shape + ",\"datatype\":\"" + datatype + "\",\"data\":["
                + data + "]}]}";
    }
}
