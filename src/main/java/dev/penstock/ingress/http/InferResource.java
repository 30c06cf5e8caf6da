package dev.penstock.ingress.http;

import dev.penstock.ingress.Drain;
import dev.penstock.ingress.HttpLimits;
import dev.penstock.ingress.call.Call;
import dev.penstock.ingress.call.CallCheck;
import dev.penstock.ingress.call.CheckedCall;
import dev.penstock.ingress.call.EventLoopLag;
import dev.penstock.ingress.call.IdempotencyKey;
import dev.penstock.ingress.gate.QuotaCheck;
import dev.penstock.ingress.outcomes.KeptOutcomes;
import dev.penstock.ingress.submit.AwaitedCalls;
import dev.penstock.ingress.submit.IdempotentSubmissions;
import dev.penstock.ingress.submit.Submissions;
import dev.penstock.ingress.submit.SynchronousCalls;
import dev.penstock.ingress.web.PublicAddress;
import dev.penstock.messages.RequestId;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.tenants.Tenant;
import dev.penstock.tracing.CallTrace;
import io.smallrye.common.annotation.NonBlocking;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jboss.resteasy.reactive.RestPath;

/**
 * Inference calls, synchronous and asynchronous, with and without an idempotency key. Each goes one way: read, check, quota, admit,
 * publish, answer. Runs on the event loops. Its root path is that of {@link ServerResource}, since JAX-RS searches only the class whose
 * path fits best.
 */
@Path("/v2")
@Singleton
@NonBlocking
public final class InferResource {
    private final AuthenticationFilter authentication;
    private final TraceFilter traces;
    private final HttpLimits limits;
    private final Drain drain;
    private final CallCheck check;
    private final QuotaCheck quotas;
    private final AwaitedCalls awaitedCalls;
    private final Submissions submissions;
    private final IdempotentSubmissions idempotentSubmissions;
    private final KeptOutcomes outcomes;

    InferResource(
            AuthenticationFilter authentication,
            TraceFilter traces,
            HttpLimits limits,
            Drain drain,
            CallCheck check,
            QuotaCheck quotas,
            AwaitedCalls awaitedCalls,
            Submissions submissions,
            IdempotentSubmissions idempotentSubmissions,
            KeptOutcomes outcomes) {
        this.authentication = authentication;
        this.traces = traces;
        this.limits = limits;
        this.drain = drain;
        this.check = check;
        this.quotas = quotas;
        this.awaitedCalls = awaitedCalls;
        this.submissions = submissions;
        this.idempotentSubmissions = idempotentSubmissions;
        this.outcomes = outcomes;
    }

    @POST
    @Path("models/{model}/infer")
    public CompletionStage<Response> infer(@RestPath String model, @Context RoutingContext context)
            throws InvalidRequestException {
        return read(model, Optional.empty(), context);
    }

    @POST
    @Path("models/{model}/versions/{version}/infer")
    public CompletionStage<Response> infer(
            @RestPath String model, @RestPath String version, @Context RoutingContext context)
            throws InvalidRequestException {
        return read(model, Optional.of(version), context);
    }

    private CompletionStage<Response> read(String model, Optional<String> version, RoutingContext context)
            throws InvalidRequestException {
        Tenant tenant = authentication.tenantOf(context);
        drain.requireOpen();
        InferHeaders headers = InferHeaders.read(context.request());
        if (headers.isFromEdge()) {
            check.requireHere(tenant, model, version);
        }
        EventLoopLag lag = EventLoopLag.of(context);
        CallTrace trace = traces.of(context);
        return HttpBodyReader.read(context.request(), check.maxBodyBytes(), limits)
                .thenCompose(body -> check(headers.call(tenant, model, version, body, trace, lag), headers, context));
    }

    private CompletionStage<Response> check(Call call, InferHeaders headers, RoutingContext context) {
        CheckedCall checked;
        try {
            checked = check.check(call, headers.preference().respondAsync());
        } catch (InvalidRequestException invalid) {
            return CompletableFuture.failedFuture(invalid);
        }
        return quotas.check(checked)
                .thenCompose(fields -> run(checked, headers, context)
                        .thenCompose(response -> HttpResponses.packed(
                                HttpResponses.with(fields, response), context, limits.packFromBytes())));
    }

    private CompletionStage<Response> run(CheckedCall checked, InferHeaders headers, RoutingContext context) {
        boolean isAsync = headers.preference().respondAsync();
        Optional<IdempotencyKey> key = headers.idempotencyKey(checked.call());
        if (!isAsync) {
            return awaitedCalls
                    .run(checked, key, call -> follow(call, context))
                    .thenApply(answer -> HttpResponses.of(answer.id(), answer.reply(), context));
        }
        CompletionStage<RequestId> submitted =
                key.isPresent() ? idempotentSubmissions.submit(checked, key.get()) : submissions.submit(checked);
        // Only a request with a key may have its outcome already.
        boolean isNew = key.isEmpty() && headers.preference().patience().isZero();
        String model = checked.call().model();
        String prefix = PublicAddress.prefix(context.request());
        return submitted.thenCompose(id -> isNew
                ? CompletableFuture.completedFuture(HttpResponses.accepted(id, model, prefix))
                : answerOrAccept(id, headers.preference(), context, () -> HttpResponses.accepted(id, model, prefix)));
    }

    /** Tells a call when its caller has the answer, or is gone. */
    private static void follow(SynchronousCalls.PendingCall call, RoutingContext context) {
        context.addEndHandler(sent -> {
            if (sent.failed()) {
                call.callerDisconnected();
            } else {
                call.answered();
            }
        });
    }

    /** Answers with the outcome if it arrives while the caller waits, and otherwise with the address to poll. */
    private CompletionStage<Response> answerOrAccept(
            RequestId id, Preference preference, RoutingContext context, Supplier<Response> accepted) {
        return outcomes.await(id, preference.patience())
                .exceptionally(unknown -> Optional.empty())
                .thenApply(outcome -> outcome.map(result -> HttpResponses.of(id, Optional.of(result.reply()), context))
                        .orElseGet(accepted));
    }
}
