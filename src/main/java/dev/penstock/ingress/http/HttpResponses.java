package dev.penstock.ingress.http;

import dev.penstock.ingress.outcomes.StatusDocument;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Reply;
import dev.penstock.messages.RequestId;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Problem;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Optional;

/** Makes HTTP responses of outcomes and problems. */
final class HttpResponses {
    private static final String REQUEST_ID = "Penstock-Request-Id";

    private HttpResponses() {}

    /** @param reply empty when none arrived by the deadline */
    static Response of(RequestId id, Optional<Reply> reply) {
        if (reply.isEmpty()) {
            return problem(deadlineExceeded(id)).header(REQUEST_ID, id).build();
        }
        Response.ResponseBuilder response = switch (reply.get().outcome()) {
            case Outcome.Succeeded succeeded -> payload(succeeded.response());
            case Outcome.Failed failed -> problem(failed.problem());
            case Outcome.Expired expired -> problem(deadlineExceeded(id));
            case Outcome.Cancelled cancelled ->
                problem(Problem.of(Problem.Kind.CANCELLED, "the request was cancelled"));
        };
        return response.header(REQUEST_ID, id).build();
    }

    /**
     * The response to an asynchronous request, with the address to poll.
     *
     * @param prefix of the API's addresses, as the caller sees them
     */
    static Response accepted(RequestId id, String model, String prefix) {
        return Response.status(Response.Status.ACCEPTED)
                .header(HttpHeaders.LOCATION, prefix + "/v2/requests/" + id)
                .header("Preference-Applied", "respond-async")
                .header(HttpHeaders.RETRY_AFTER, 1)
                .header(HttpHeaders.CONTENT_TYPE, RecordHeaders.JSON)
                .header(REQUEST_ID, id)
                .entity(StatusDocument.pending(id, Optional.of(model)))
                .build();
    }

    /** Adds headers to a response. */
    static Response with(Map<String, String> fields, Response response) {
        if (fields.isEmpty()) {
            return response;
        }
        Response.ResponseBuilder builder = Response.fromResponse(response);
        fields.forEach(builder::header);
        return builder.build();
    }

    static Response.ResponseBuilder problem(Problem problem) {
        return Response.status(problem.status())
                .header(HttpHeaders.CONTENT_TYPE, Problem.CONTENT_TYPE)
                .entity(problem.toJson());
    }

    private static Problem deadlineExceeded(RequestId id) {
        return Problem.of(
                        Problem.Kind.DEADLINE_EXCEEDED, "there was no outcome by the deadline; poll /v2/requests/" + id)
                .with("id", id.toString());
    }

    private static Response.ResponseBuilder payload(Payload payload) {
        Response.ResponseBuilder response = Response.ok(bytes(payload.bytes()));
        if (payload.jsonLength().isEmpty()) {
            return response.header(HttpHeaders.CONTENT_TYPE, RecordHeaders.JSON);
        }
        return response.header(HttpHeaders.CONTENT_TYPE, RecordHeaders.BINARY)
                .header("Inference-Header-Content-Length", payload.jsonLength().getAsInt());
    }

    private static byte[] bytes(ByteBuffer buffer) {
        if (buffer.hasArray() && buffer.arrayOffset() == 0 && buffer.limit() == buffer.array().length) {
            return buffer.array();
        }
        byte[] copy = new byte[buffer.limit()];
        buffer.get(0, copy);
        return copy;
    }
}
