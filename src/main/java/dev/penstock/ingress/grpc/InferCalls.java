package dev.penstock.ingress.grpc;

import dev.penstock.ingress.Drain;
import dev.penstock.ingress.IngressParts;
import dev.penstock.ingress.call.Call;
import dev.penstock.ingress.call.CheckedCall;
import dev.penstock.ingress.call.EventLoopLag;
import dev.penstock.ingress.call.IdempotencyKey;
import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.http.AuthenticationFilter;
import dev.penstock.ingress.http.TraceFilter;
import dev.penstock.ingress.submit.AwaitedCalls;
import dev.penstock.ingress.submit.SynchronousCalls.PendingCall;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.RequestId;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Problem;
import inference.GrpcService.ModelInferRequest;
import inference.GrpcService.ModelInferResponse;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Runs inference calls: translate, check, quota, admit, publish, answer. All but the first and the last are those of REST. Thread-safe. */
final class InferCalls {
    private static final String CONTENT_TYPE = "application/grpc";

    private final AuthenticationFilter authentication;
    private final TraceFilter traces;
    private final Drain drain;
    private final Supplier<IngressParts> parts;

    /**
     * The answer to a call.
     *
     * @param fields of the quota, for the metadata
     */
    record Answer(RequestId id, ModelInferResponse message, Map<String, String> fields) {}

    /** @param parts of the ingress, which are there once the role has started */
    InferCalls(AuthenticationFilter authentication, TraceFilter traces, Drain drain, Supplier<IngressParts> parts) {
        this.authentication = authentication;
        this.traces = traces;
        this.drain = drain;
        this.parts = parts;
    }

    /**
     * Completes with the answer; fails with the reason why there is none. Must be called on the event loop of the connection.
     *
     * @param started takes the call that must hear when its caller has the answer, or is gone
     * @throws InvalidRequestException when the request breaks a rule
     * @throws ProblemException when it is refused
     */
    CompletionStage<Answer> run(ModelInferRequest request, RoutingContext http, Consumer<PendingCall> started)
            throws InvalidRequestException {
        drain.requireOpen();
        Call call = call(request, http);
        Optional<IdempotencyKey> key = IdempotencyKey.read(headers(http, IdempotencyKey.HEADER))
                .map(text -> IdempotencyKey.of(text, call, CONTENT_TYPE));
        CheckedCall checked = parts.get().check().check(call, false);
        return parts.get()
                .quotas()
                .check(checked)
                .thenCompose(fields -> parts.get()
                        .awaitedCalls()
                        .run(checked, key, started)
                        .thenApply(answer -> new Answer(answer.id(), message(answer), fields)));
    }

    private Call call(ModelInferRequest request, RoutingContext http) throws InvalidRequestException {
        return new Call(
                authentication.tenantOf(http),
                request.getModelName(),
                version(request.getModelVersion()),
                RequestBody.of(request),
                GrpcTimeout.read(http.request().getHeader("grpc-timeout")),
                Optional.empty(),
                false,
                traces.of(http),
                EventLoopLag.of(http));
    }

    /** A field that is not set is empty. */
    static Optional<String> version(String field) {
        return field.isEmpty() ? Optional.empty() : Optional.of(field);
    }

    private static List<String> headers(RoutingContext http, String name) {
        return http.request().headers().getAll(name);
    }

    private static ModelInferResponse message(AwaitedCalls.Answer answer) {
        if (answer.reply().isEmpty()) {
            throw new ProblemException(AwaitedCalls.deadlineExceeded(answer.id()));
        }
        return switch (answer.reply().get().outcome()) {
            case Outcome.Succeeded succeeded -> ResponseMessage.of(succeeded.response());
            case Outcome.Failed failed -> throw new ProblemException(failed.problem());
            case Outcome.Expired expired -> throw new ProblemException(AwaitedCalls.deadlineExceeded(answer.id()));
            case Outcome.Cancelled cancelled ->
                throw new ProblemException(Problem.of(Problem.Kind.CANCELLED, "the request was cancelled"));
        };
    }
}
