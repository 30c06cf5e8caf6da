package dev.penstock.ledger.drive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.ledger.Sighting;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class HttpReaderTest {
    private static final String ID = "run-7";

    private final Expectations expectations = new Expectations(1e-3);
    private final HttpReader reader = new HttpReader(expectations);

    @BeforeEach
    void learn() throws UnreadableException {
        expectations.learn(0, Outputs.read(HttpReader.json(response("x", "0.25,4.0"))));
        expectations.learn(1, Outputs.read(HttpReader.json(response("x", "0.5,-1.0"))));
    }

    @Test
    void readsARightResponse() throws Exception {
        assertThat(reader.infer(0, ID, answer(200, response(ID, "0.2504,4.003"))))
                .isEqualTo(new Heard.Outcome("AB", Sighting.right("1")));
    }

    @Test
    void findsTheResponseToAnotherInput() throws Exception {
        assertThat(reader.infer(0, ID, answer(200, response(ID, "0.5,-1.0"))))
                .isEqualTo(new Heard.Outcome("AB", Sighting.wrong("the output is that of input 1")));
    }

    @Test
    void findsTheResponseToAnotherRequest() throws Exception {
        assertThat(reader.infer(0, ID, answer(200, response("run-8", "0.25,4.0"))))
                .isEqualTo(new Heard.Outcome(
                        "AB", Sighting.wrong("the response has the id 'run-8', the request had 'run-7'")));
    }

    @Test
    void findsAnOutputThatBelongsToNoInput() throws Exception {
        assertThat(reader.infer(0, ID, answer(200, response(ID, "0.26,4.0"))))
                .isInstanceOfSatisfying(
                        Heard.Outcome.class,
                        outcome -> assertThat(outcome.sighting().isRight()).isFalse());
        assertThat(reader.infer(0, ID, answer(200, response(ID, "0.25"))))
                .isInstanceOfSatisfying(
                        Heard.Outcome.class,
                        outcome -> assertThat(outcome.sighting().isRight()).isFalse());
    }

    @Test
    void readsAcceptanceAnd504() throws Exception {
        assertThat(reader.infer(0, ID, answer(202, "{}"))).isEqualTo(new Heard.Accepted("AB"));
        assertThat(reader.infer(0, ID, answer(504, problem("deadline-exceeded"))))
                .isEqualTo(new Heard.TimedOut("AB"));
    }

    @Test
    void tellsARefusalFromAFailureByTheRequestId() throws Exception {
        assertThat(reader.infer(0, ID, answer(500, problem("inference-failed"))))
                .isEqualTo(new Heard.Outcome("AB", Sighting.failed("inference-failed")));
        assertThat(reader.infer(0, ID, answer(409, problem("cancelled"))))
                .isEqualTo(new Heard.Outcome("AB", Sighting.cancelled()));
        assertThat(reader.infer(0, ID, refusal(503, problem("unavailable")))).isEqualTo(new Heard.Refused(503, true));
        assertThat(reader.infer(0, ID, refusal(429, problem("quota-exceeded"))))
                .isEqualTo(new Heard.Refused(429, true));
        assertThat(reader.infer(0, ID, refusal(404, problem("not-found")))).isEqualTo(new Heard.Refused(404, true));
    }

    @Test
    void readsDoubt() throws Exception {
        assertThat(reader.infer(0, ID, refusal(503, "{\"detail\":\"it may or may not run\"}")))
                .isEqualTo(new Heard.UnknownFate());
        assertThat(reader.infer(0, ID, refusal(500, problem("internal")))).isEqualTo(new Heard.UnknownFate());
    }

    @Test
    void readsStatusDocuments() throws Exception {
        assertThat(poll("{\"id\":\"AB\",\"status\":\"queued\"}")).isEqualTo(new Polled.Pending());
        assertThat(poll("{\"id\":\"AB\",\"status\":\"succeeded\",\"response\":" + response(ID, "0.25,4.0") + "}"))
                .isEqualTo(new Polled.Outcome(Sighting.right("1")));
        assertThat(poll("{\"id\":\"AB\",\"status\":\"failed\",\"error\":" + problem("inference-failed") + "}"))
                .isEqualTo(new Polled.Outcome(Sighting.failed("inference-failed")));
        assertThat(poll("{\"id\":\"AB\",\"status\":\"expired\"}")).isEqualTo(new Polled.Outcome(Sighting.expired()));
        assertThat(poll("{\"id\":\"AB\",\"status\":\"cancelled\"}"))
                .isEqualTo(new Polled.Outcome(Sighting.cancelled()));
    }

    @Test
    void findsTheStatusDocumentOfAnotherRequest() throws Exception {
        assertThat(poll("{\"id\":\"CD\",\"status\":\"expired\"}"))
                .isEqualTo(new Polled.Outcome(Sighting.wrong("the status document is that of CD")));
    }

    @Test
    void readsPollsWithoutADocument() throws Exception {
        assertThat(reader.poll(0, ID, "AB", refusal(404, problem("not-found")))).isEqualTo(new Polled.Missing(404));
        assertThat(reader.poll(0, ID, "AB", refusal(410, problem("gone")))).isEqualTo(new Polled.Missing(410));
        assertThat(reader.poll(0, ID, "AB", refusal(503, problem("unavailable"))))
                .isEqualTo(new Polled.Unavailable(503));
        assertThat(reader.poll(0, ID, "AB", answer(504, problem("deadline-exceeded"))))
                .isEqualTo(new Polled.Pending());
        assertThat(reader.poll(0, ID, "AB", answer(504, "a proxy waits no longer")))
                .isEqualTo(new Polled.Unavailable(504));
    }

    @Test
    void rejectsWhatBreaksTheContract() {
        assertThatThrownBy(() -> reader.infer(0, ID, answer(200, "<html>")))
                .isInstanceOf(UnreadableException.class)
                .hasMessage("must be JSON: <html>");
        assertThatThrownBy(() -> reader.infer(0, ID, answer(200, "{\"outputs\":[]}")))
                .hasMessageStartingWith("a response must have outputs");
        assertThatThrownBy(() -> reader.infer(0, ID, refusal(202, "{}")))
                .hasMessage("an answer 202 must have the header Penstock-Request-Id");
        assertThatThrownBy(() -> reader.infer(0, ID, refusal(302, "")))
                .hasMessageStartingWith("unexpected status code 302");
        assertThatThrownBy(() -> poll("{\"id\":\"AB\",\"status\":\"lost\"}"))
                .hasMessageStartingWith("a status document must have a status");
    }

    @Test
    void learnsOnlyWhatStaysTheSame() {
        assertThat(expectations.distinct()).isEqualTo(2);
        assertThatThrownBy(() -> expectations.learn(0, Outputs.read(HttpReader.json(response("x", "0.5,-1.0")))))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("input 0 must have the same outputs each time");
    }

    @Test
    void countsInputsThatShareAnOutput() throws Exception {
        expectations.learn(2, Outputs.read(HttpReader.json(response("x", "0.5,-1.0"))));

        assertThat(expectations.distinct()).isEqualTo(1);
    }

    private Polled poll(String document) throws UnreadableException {
        return reader.poll(0, ID, "AB", answer(200, document));
    }

    private static HttpReader.Answer answer(int code, String body) {
        return new HttpReader.Answer(code, Optional.of("AB"), false, body);
    }

    private static HttpReader.Answer refusal(int code, String body) {
        return new HttpReader.Answer(code, Optional.empty(), true, body);
    }

    private static String problem(String type) {
        return "{\"type\":\"tag:penstock.dev,2026:problem/" + type + "\",\"status\":500}";
    }

    private static String response(String id, String data) {
        return """
                {"id":"%s","model_name":"m","model_version":"1",
                 "outputs":[{"name":"y","shape":[1,2],"datatype":"FP32","data":[%s]}]}""".formatted(id, data);
    }
}
