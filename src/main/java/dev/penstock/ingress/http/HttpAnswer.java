package dev.penstock.ingress.http;

import dev.penstock.ingress.call.ProblemException;
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
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** An answer over HTTP, before it is sent. Not thread-safe. */
final class HttpAnswer {
    private static final String REQUEST_ID = "Penstock-Request-Id";

    private final int status;
    private final List<Field> fields = new ArrayList<>(6);
    private byte[] body;

    private record Field(String name, String value) {}

    private HttpAnswer(int status, byte[] body) {
        this.status = status;
        this.body = body;
    }

    /** An answer with 200 and this JSON. */
    static HttpAnswer json(byte[] document) {
        return new HttpAnswer(200, document).with(HttpHeaders.CONTENT_TYPE, RecordHeaders.JSON);
    }

    /**
     * @param reply empty when none arrived by the deadline
     * @param form of an error
     */
    static HttpAnswer of(RequestId id, Optional<Reply> reply, Supplier<ErrorForm> form) {
        HttpAnswer answer = reply.isEmpty()
                ? problem(AwaitedCalls.deadlineExceeded(id), form.get())
                : switch (reply.get().outcome()) {
                    case Outcome.Succeeded succeeded -> payload(succeeded.response());
                    case Outcome.Failed failed -> problem(failed.problem(), form.get());
                    case Outcome.Expired expired -> problem(AwaitedCalls.deadlineExceeded(id), form.get());
                    case Outcome.Cancelled cancelled ->
                        problem(Problem.of(Problem.Kind.CANCELLED, "the request was cancelled"), form.get());
                };
        return answer.with(REQUEST_ID, id.toString());
    }

    /**
     * The answer to an asynchronous request, with the address to poll.
     *
     * @param prefix of the API's addresses, as the caller sees them
     */
    static HttpAnswer accepted(RequestId id, String model, String prefix) {
        return new HttpAnswer(202, StatusDocument.pending(id, Optional.of(model)))
                .with(HttpHeaders.LOCATION, prefix + "/v2/requests/" + id)
                .with("Preference-Applied", "respond-async")
                .with(HttpHeaders.RETRY_AFTER, "1")
                .with(HttpHeaders.CONTENT_TYPE, RecordHeaders.JSON)
                .with(REQUEST_ID, id.toString());
    }

    static HttpAnswer problem(Problem problem, ErrorForm form) {
        return new HttpAnswer(problem.status(), form.write(problem))
                .with(HttpHeaders.CONTENT_TYPE, form.contentType())
                .with(HttpHeaders.VARY, HttpHeaders.ACCEPT);
    }

    static HttpAnswer refusal(ProblemException refusal, ErrorForm form) {
        HttpAnswer answer = problem(refusal.problem(), form);
        refusal.retryAfterSeconds()
                .ifPresent(seconds -> answer.with(HttpHeaders.RETRY_AFTER, Integer.toString(seconds)));
        return answer.with(refusal.headers());
    }

    private static HttpAnswer payload(Payload payload) {
        HttpAnswer answer = new HttpAnswer(200, payload.array());
        return payload.jsonLength().isEmpty()
                ? answer.with(HttpHeaders.CONTENT_TYPE, RecordHeaders.JSON)
                : answer.with(HttpHeaders.CONTENT_TYPE, RecordHeaders.BINARY)
                        .with(
                                Payload.JSON_LENGTH_HEADER,
                                Integer.toString(payload.jsonLength().getAsInt()));
    }

    /** Adds a header. */
    HttpAnswer with(String name, String value) {
        fields.add(new Field(name, value));
        return this;
    }

    /** Adds headers. */
    HttpAnswer with(Map<String, String> headers) {
        headers.forEach(this::with);
        return this;
    }

    /**
     * Packs the body if it has at least {@code fromBytes} and the client asks for it. Completes with this answer. Packing takes too long for
     * an event loop.
     */
    CompletionStage<HttpAnswer> packed(RoutingContext call, int fromBytes) {
        if (body.length < fromBytes) {
            return CompletableFuture.completedFuture(this);
        }
        with(HttpHeaders.VARY, HttpHeaders.ACCEPT_ENCODING);
        Optional<ContentCoding> coding =
                ContentCoding.accepted(call.request().headers().getAll(HttpHeaders.ACCEPT_ENCODING));
        if (coding.isEmpty()) {
            return CompletableFuture.completedFuture(this);
        }
        byte[] whole = body;
        return call.vertx()
                .executeBlocking(() -> coding.get().pack(whole), false)
                .toCompletionStage()
                .thenApply(packed -> {
                    if (packed.length < whole.length) {
                        body = packed;
                        with(HttpHeaders.CONTENT_ENCODING, coding.get().label());
                    }
                    return this;
                });
    }

    /** Sends the answer. Must be called on the connection's event loop. */
    void send(HttpServerResponse response) {
        response.setStatusCode(status);
        for (Field field : fields) {
            response.headers().add(field.name, field.value);
        }
        response.end(Buffer.buffer(body));
    }

    /** The answer as JAX-RS sends it. */
    Response toResponse() {
        Response.ResponseBuilder response = Response.status(status).entity(body);
        fields.forEach(field -> response.header(field.name, field.value));
        return response.build();
    }
}
