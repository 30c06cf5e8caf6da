package dev.penstock.ingress.http;

import dev.penstock.ingress.negotiation.ContentCoding;
import dev.penstock.ingress.negotiation.ErrorForm;
import dev.penstock.ingress.outcomes.StatusDocument;
import dev.penstock.ingress.submit.AwaitedCalls;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Reply;
import dev.penstock.messages.RequestId;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Problem;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Makes HTTP responses of outcomes and problems. */
final class HttpResponses {
    private static final String REQUEST_ID = "Penstock-Request-Id";

    private HttpResponses() {}

    /**
     * @param reply empty when none arrived by the deadline
     * @param call whose client says in which form it takes an error
     */
    static Response of(RequestId id, Optional<Reply> reply, RoutingContext call) {
        if (reply.isEmpty()) {
            return problem(AwaitedCalls.deadlineExceeded(id), errorForm(call))
                    .header(REQUEST_ID, id)
                    .build();
        }
        Response.ResponseBuilder response = switch (reply.get().outcome()) {
            case Outcome.Succeeded succeeded -> payload(succeeded.response());
            case Outcome.Failed failed -> problem(failed.problem(), errorForm(call));
            case Outcome.Expired expired -> problem(AwaitedCalls.deadlineExceeded(id), errorForm(call));
            case Outcome.Cancelled cancelled ->
                problem(Problem.of(Problem.Kind.CANCELLED, "the request was cancelled"), errorForm(call));
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

    static Response.ResponseBuilder problem(Problem problem, ErrorForm form) {
        return Response.status(problem.status())
                .header(HttpHeaders.CONTENT_TYPE, form.contentType())
                .header(HttpHeaders.VARY, HttpHeaders.ACCEPT)
                .entity(form.write(problem));
    }

    private static ErrorForm errorForm(RoutingContext call) {
        return ErrorForm.of(call.request().headers().getAll(HttpHeaders.ACCEPT));
    }

    /**
     * The response, packed if it has at least {@code fromBytes} and the client asks for it. Packing takes too long for an event loop.
     *
     * <p>The body of the response must be bytes.
     */
    static CompletionStage<Response> packed(Response response, RoutingContext call, int fromBytes) {
        if (!(response.getEntity() instanceof byte[] body) || body.length < fromBytes) {
            return CompletableFuture.completedFuture(response);
        }
        Optional<ContentCoding> coding =
                ContentCoding.accepted(call.request().headers().getAll(HttpHeaders.ACCEPT_ENCODING));
        Response varies = with(Map.of(HttpHeaders.VARY, HttpHeaders.ACCEPT_ENCODING), response);
        if (coding.isEmpty()) {
            return CompletableFuture.completedFuture(varies);
        }
        return call.vertx()
                .executeBlocking(() -> coding.get().pack(body), false)
                .toCompletionStage()
                .thenApply(packed -> packed.length < body.length ? packed(varies, coding.get(), packed) : varies);
    }

    private static Response packed(Response response, ContentCoding coding, byte[] packed) {
        return Response.fromResponse(response)
                .header(HttpHeaders.CONTENT_ENCODING, coding.label())
                .entity(packed)
                .build();
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
