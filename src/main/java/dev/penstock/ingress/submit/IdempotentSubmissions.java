package dev.penstock.ingress.submit;

import dev.penstock.ingress.call.CheckedCall;
import dev.penstock.ingress.call.IdempotencyKey;
import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.ingress.outcomes.OutcomeFinder;
import dev.penstock.messages.RequestId;
import dev.penstock.protocol.Problem;
import dev.penstock.threads.LimitedLog;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;

/**
 * Submits requests that have an idempotency key: a repeated call with the same key and body is the same request, here and at every other
 * ingress. docs/adr/0011 has the reasons. Thread-safe.
 */
public final class IdempotentSubmissions {
    private static final Logger LOG = Logger.getLogger(IdempotentSubmissions.class);
    private static final LimitedLog AGAIN = new LimitedLog(LOG);
    private static final long RECHECK_MILLIS = 100;

    private final IdempotencyClaims claims;
    private final RequestIdIssuer ids;
    private final OutcomeFinder outcomes;
    private final Publishing publishing;
    private final Vertx vertx;
    private final LongSupplier epochMillis;
    private final Counter republished;

    /** Admits and publishes requests whose outcome is kept. */
    @FunctionalInterface
    public interface Publishing {
        /** Completes with the id once Kafka has the request; fails with a {@link ProblemException} otherwise. */
        CompletionStage<RequestId> publish(CheckedCall checked, RequestId id);
    }

    public IdempotentSubmissions(
            IdempotencyClaims claims,
            RequestIdIssuer ids,
            OutcomeFinder outcomes,
            Publishing publishing,
            Vertx vertx,
            LongSupplier epochMillis,
            MeterRegistry registry) {
        this.claims = claims;
        this.ids = ids;
        this.outcomes = outcomes;
        this.publishing = publishing;
        this.vertx = vertx;
        this.epochMillis = epochMillis;
        this.republished = Counter.builder("inference.idempotent.republished")
                .description(
                        "Requests published again under their first id, since it was unknown whether Kafka had them")
                .register(registry);
    }

    /** Completes with the id of the request that the key belongs to once Kafka has it; fails with a {@link ProblemException} otherwise. */
    public CompletionStage<RequestId> submit(CheckedCall checked, IdempotencyKey key) {
        return claims.claim(key, ids.issue(checked.call().tenant(), checked.timeout()))
                .recover(failure -> Future.failedFuture(redisUnavailable(failure)))
                .toCompletionStage()
                .thenCompose(claim -> {
                    if (claim.state() == IdempotencyClaims.State.OTHER_REQUEST) {
                        return CompletableFuture.failedFuture(reused());
                    }
                    RequestId id = ids.verify(claim.id()).orElseThrow(IdempotentSubmissions::forgotten);
                    return switch (claim.state()) {
                        case NEW -> publish(checked, id, key, true);
                        case LEFT -> publishAgain(checked, id, key);
                        case IN_HAND -> recheckDelay().thenCompose(timer -> submit(checked, key));
                        case PUBLISHED, OTHER_REQUEST -> CompletableFuture.completedFuture(id);
                    };
                });
    }

    /** Uses the first id, so that there is one outcome even if the request runs twice. It has only the time left to its first deadline. */
    private CompletionStage<RequestId> publishAgain(CheckedCall checked, RequestId id, IdempotencyKey key) {
        return outcomes.find(id)
                .exceptionally(failure -> {
                    throw redisUnavailable(failure);
                })
                .thenCompose(outcome -> {
                    if (outcome.isPresent()) {
                        return confirmed(id, key);
                    }
                    republished.increment();
                    AGAIN.info(
                            new LimitedLog.About(checked.call().model(), id.toString()),
                            "it is published again, since its first publication was not confirmed");
                    long leftMillis = Math.max(1, id.deadlineMillis() - epochMillis.getAsLong());
                    return publish(checked.within(Duration.ofMillis(leftMillis)), id, key, false);
                });
    }

    /** @param isFirst whether the request cannot have been published before */
    private CompletionStage<RequestId> publish(CheckedCall checked, RequestId id, IdempotencyKey key, boolean isFirst) {
        return publishing
                .publish(checked, id)
                .handle((published, failure) ->
                        failure == null ? confirmed(id, key) : givenUp(id, key, isFirst, failure))
                .thenCompose(settled -> settled);
    }

    /**
     * Confirms the claim before any caller gets the id. If Redis misses it, the lease ends, and a retry finds the outcome or republishes.
     */
    private CompletionStage<RequestId> confirmed(RequestId id, IdempotencyKey key) {
        return claims.published(key, id).map(id).otherwise(id).toCompletionStage();
    }

    /** Frees the key only if the request is certainly not published. Fails with the failure of the publication in any case. */
    private CompletionStage<RequestId> givenUp(RequestId id, IdempotencyKey key, boolean isFirst, Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        boolean isFree = isFirst && cause instanceof ProblemException refusal && !refusal.leavesDoubt();
        Future<?> written = isFree ? claims.release(key, id) : claims.leave(key, id);
        return written.<RequestId>transform(done -> Future.failedFuture(cause)).toCompletionStage();
    }

    private CompletionStage<Void> recheckDelay() {
        return vertx.timer(RECHECK_MILLIS, TimeUnit.MILLISECONDS).toCompletionStage();
    }

    private static ProblemException reused() {
        String rule = "must be unique to each request: this key belongs to another body, content type or model";
        return new ProblemException(Problem.of(Problem.Kind.IDEMPOTENCY_KEY_REUSED, IdempotencyKey.HEADER + ": " + rule)
                .with("field", IdempotencyKey.HEADER)
                .with("rule", rule));
    }

    private static ProblemException forgotten() {
        return new ProblemException(Problem.of(
                Problem.Kind.GONE,
                "the request that this " + IdempotencyKey.HEADER + " belongs to is no longer known"));
    }

    private static ProblemException redisUnavailable(Throwable failure) {
        LOG.debugf(failure, "An idempotency key could not be claimed");
        return new ProblemException(
                Problem.of(
                        Problem.Kind.UNAVAILABLE,
                        "Redis, which stores idempotency keys, does not answer; the request was not accepted. "
                                + "Retry with the same " + IdempotencyKey.HEADER),
                2);
    }
}
