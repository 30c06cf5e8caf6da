package dev.penstock.ingress.http;

import dev.penstock.ingress.Drain;
import dev.penstock.ingress.HttpLimits;
import dev.penstock.ingress.call.Call;
import dev.penstock.ingress.call.CallCheck;
import dev.penstock.ingress.call.Catalogue;
import dev.penstock.ingress.call.CheckedCall;
import dev.penstock.ingress.call.EventLoopLag;
import dev.penstock.ingress.call.IdempotencyKey;
import dev.penstock.ingress.gate.QuotaCheck;
import dev.penstock.ingress.negotiation.ErrorForm;
import dev.penstock.ingress.negotiation.Preference;
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
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * Inference calls, synchronous and asynchronous, with and without an idempotency key. Each goes one way: read, check, quota, admit,
 * publish, answer. Runs on the event loops.
 */
@Singleton
public final class InferHandler {
    private final AuthenticationFilter authentication;
    private final TraceFilter traces;
    private final HttpLimits limits;
    private final Drain drain;
    private final Catalogue catalogue;
    private final CallCheck check;
    private final QuotaCheck quotas;
    private final AwaitedCalls awaitedCalls;
    private final Submissions submissions;
    private final IdempotentSubmissions idempotentSubmissions;
    private final KeptOutcomes outcomes;

    InferHandler(
            AuthenticationFilter authentication,
            TraceFilter traces,
            HttpLimits limits,
            Drain drain,
            Catalogue catalogue,
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
        this.catalogue = catalogue;
        this.check = check;
        this.quotas = quotas;
        this.awaitedCalls = awaitedCalls;
        this.submissions = submissions;
        this.idempotentSubmissions = idempotentSubmissions;
        this.outcomes = outcomes;
    }

    /**
     * Answers a call. One that is refused by its address, its headers or its tenant's quota is refused before its body is read, so that a
     * tenant that sends far more than its quota costs the others almost nothing. Must be called on the connection's event loop.
     */
    void handle(RoutingContext http, InferAddress address) {
        Context loop = Vertx.currentContext();
        CompletionStage<HttpAnswer> answer;
        try {
            answer = read(http, address);
        } catch (InvalidRequestException | RuntimeException refusal) {
            EarlyResponse.send(http, ProblemMappers.refusal(refusal), limits.bodyTimeout());
            return;
        }
        answer.exceptionally(failure -> HttpAnswer.refusal(ProblemMappers.refusal(failure), errorForm(http)))
                .thenAccept(made -> loop.runOnContext(back -> send(http, made)));
    }

    /** The caller may have gone. */
    private static void send(RoutingContext http, HttpAnswer answer) {
        if (!http.response().closed() && !http.response().ended()) {
            answer.send(http.response());
        }
    }

    private CompletionStage<HttpAnswer> read(RoutingContext http, InferAddress address) throws InvalidRequestException {
        Tenant tenant = authentication.tenantOf(http);
        requireQuota(tenant, address);
        drain.requireOpen();
        InferHeaders headers = InferHeaders.read(http.request());
        if (headers.isFromEdge()) {
            check.requireHere(tenant, address.model(), address.version());
        }
        EventLoopLag lag = EventLoopLag.of(http);
        CallTrace trace = traces.of(http);
        return HttpBodyReader.read(http.request(), check.maxBodyBytes(), limits)
                .thenCompose(body -> check(
                        headers.call(tenant, address.model(), address.version(), body, trace, lag), headers, http));
    }

    /** Calls that end in another refusal anyway are left to it. */
    private void requireQuota(Tenant tenant, InferAddress address) {
        boolean isCounted = tenant.quota().isPresent()
                && !drain.refuses()
                && tenant.mayUse(address.model())
                && catalogue.find(address.model(), address.version()).isPresent();
        if (isCounted) {
            quotas.usedUp(tenant, address.model()).ifPresent(refusal -> {
                throw refusal;
            });
        }
    }

    private CompletionStage<HttpAnswer> check(Call call, InferHeaders headers, RoutingContext http) {
        Optional<IdempotencyKey> key = headers.idempotencyKey(call);
        CheckedCall checked;
        try {
            checked = check.check(call, headers.preference().respondAsync());
        } catch (InvalidRequestException invalid) {
            return CompletableFuture.failedFuture(invalid);
        }
        return quotas.check(checked)
                .thenCompose(fields -> run(checked, key, headers.preference(), http)
                        .thenCompose(answer -> answer.with(fields).packed(http, limits.packFromBytes())));
    }

    private CompletionStage<HttpAnswer> run(
            CheckedCall checked, Optional<IdempotencyKey> key, Preference preference, RoutingContext http) {
        if (!preference.respondAsync()) {
            return awaitedCalls
                    .run(checked, key, call -> follow(call, http))
                    .thenApply(answer -> HttpAnswer.of(answer.id(), answer.reply(), () -> errorForm(http)));
        }
        CompletionStage<RequestId> submitted =
                key.isPresent() ? idempotentSubmissions.submit(checked, key.get()) : submissions.submit(checked);
        // Only a request with a key may have its outcome already.
        boolean isNew = key.isEmpty() && preference.patience().isZero();
        String model = checked.call().model();
        String prefix = PublicAddress.prefix(http.request());
        return submitted.thenCompose(id -> isNew
                ? CompletableFuture.completedFuture(HttpAnswer.accepted(id, model, prefix))
                : answerOrAccept(id, preference, http, () -> HttpAnswer.accepted(id, model, prefix)));
    }

    /** Tells a call when its caller has the answer, or is gone. */
    private static void follow(SynchronousCalls.PendingCall call, RoutingContext http) {
        http.addEndHandler(sent -> {
            if (sent.failed()) {
                call.callerDisconnected();
            } else {
                call.answered();
            }
        });
    }

    /** Answers with the outcome if it arrives while the caller waits, and otherwise with the address to poll. */
    private CompletionStage<HttpAnswer> answerOrAccept(
            RequestId id, Preference preference, RoutingContext http, Supplier<HttpAnswer> accepted) {
        return outcomes.await(id, preference.patience())
                .exceptionally(unknown -> Optional.empty())
                .thenApply(outcome -> outcome.map(
                                result -> HttpAnswer.of(id, Optional.of(result.reply()), () -> errorForm(http)))
                        .orElseGet(accepted));
    }

    private static ErrorForm errorForm(RoutingContext http) {
        return ErrorForm.of(http.request().headers().getAll(HttpHeaders.ACCEPT));
    }
}
