package dev.penstock.ledger.drive;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.penstock.ledger.Sighting;
import java.util.Optional;

/** Reads the answers of the REST interface. Pure. */
final class HttpReader {
    static final ObjectMapper JSON = new ObjectMapper();

    private final Expectations expectations;

    HttpReader(Expectations expectations) {
        this.expectations = expectations;
    }

    /**
     * An HTTP answer.
     *
     * @param requestId the header {@code Penstock-Request-Id}
     */
    record Answer(int code, Optional<String> requestId, boolean namesRetryAfter, String body) {}

    /**
     * Reads the answer to a call, synchronous or not.
     *
     * @param bodyId the id in the body of the request
     */
    Heard infer(int input, String bodyId, Answer answer) throws UnreadableException {
        return switch (answer.code()) {
            case 200 ->
                new Heard.Outcome(id(answer), expectations.judge(input, bodyId, Outputs.read(json(answer.body()))));
            case 202 -> new Heard.Accepted(id(answer));
            case 504 -> new Heard.TimedOut(id(answer));
            default -> withoutResponse(answer);
        };
    }

    /**
     * Reads the answer to a poll.
     *
     * @param id the request id that was polled
     */
    Polled poll(int input, String bodyId, String id, Answer answer) throws UnreadableException {
        return switch (answer.code()) {
            case 200 -> document(input, bodyId, id, json(answer.body()));
            case 404, 410 -> new Polled.Missing(answer.code());
            case 504 ->
                answer.body().contains("deadline-exceeded") ? new Polled.Pending() : new Polled.Unavailable(504);
            case 429, 500, 502, 503 -> new Polled.Unavailable(answer.code());
            default -> throw unexpected(answer);
        };
    }

    /** A refusal has no request id; the outcome of an accepted request has one. */
    private static Heard withoutResponse(Answer answer) throws UnreadableException {
        if (answer.requestId().isPresent()) {
            return new Heard.Outcome(answer.requestId().get(), failure(json(answer.body())));
        }
        if (answer.code() >= 500 && (answer.code() != 503 || answer.body().contains("may or may not"))) {
            return new Heard.UnknownFate();
        }
        if (answer.code() < 400) {
            throw unexpected(answer);
        }
        return new Heard.Refused(answer.code(), answer.namesRetryAfter());
    }

    private Polled document(int input, String bodyId, String id, JsonNode document) throws UnreadableException {
        String shown = document.path("id").asText();
        if (!shown.equals(id)) {
            return new Polled.Outcome(Sighting.wrong("the status document is that of " + shown));
        }
        String status = document.path("status").asText();
        return switch (status) {
            case "queued", "running" -> new Polled.Pending();
            case "succeeded" ->
                new Polled.Outcome(expectations.judge(input, bodyId, Outputs.read(document.path("response"))));
            case "failed" -> new Polled.Outcome(failure(document.path("error")));
            case "expired" -> new Polled.Outcome(Sighting.expired());
            case "cancelled" -> new Polled.Outcome(Sighting.cancelled());
            default ->
                throw new UnreadableException(
                        "a status document must have a status: " + UnreadableException.shortened(document));
        };
    }

    /** A cancelled call is answered with a problem; in a status document it is {@code cancelled}. */
    static Sighting failure(JsonNode problem) throws UnreadableException {
        String type = problem.path("type").asText();
        if (type.isEmpty()) {
            throw new UnreadableException(
                    "a problem document must have a type: " + UnreadableException.shortened(problem));
        }
        String name = type.substring(Math.max(type.lastIndexOf('/'), type.lastIndexOf('#')) + 1);
        return name.equals("cancelled") ? Sighting.cancelled() : Sighting.failed(name);
    }

    static JsonNode json(String body) throws UnreadableException {
        try {
            JsonNode json = JSON.readTree(body);
            if (json == null || !json.isObject()) {
                throw new UnreadableException("must be a JSON object: " + UnreadableException.shortened(body));
            }
            return json;
        } catch (JacksonException noJson) {
            throw new UnreadableException("must be JSON: " + UnreadableException.shortened(body));
        }
    }

    private static String id(Answer answer) throws UnreadableException {
        return answer.requestId()
                .orElseThrow(() -> new UnreadableException(
                        "an answer %d must have the header Penstock-Request-Id".formatted(answer.code())));
    }

    private static UnreadableException unexpected(Answer answer) {
        return new UnreadableException(
                "unexpected status code %d: %s".formatted(answer.code(), UnreadableException.shortened(answer.body())));
    }
}
