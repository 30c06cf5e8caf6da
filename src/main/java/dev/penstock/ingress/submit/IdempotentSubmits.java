package dev.penstock.ingress.submit;

import dev.penstock.ingress.call.CheckedCall;
import dev.penstock.ingress.call.IdempotencyKey;
import dev.penstock.ingress.call.Ids;
import dev.penstock.ingress.call.Refusal;
import dev.penstock.ingress.outcomes.ResultStore;
import dev.penstock.messages.RequestId;
import dev.penstock.protocol.Problem;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/** Submits that may be repeated: the same key and body is the same request. docs/adr/0011 has the reasons. Thread-safe. */
public final class IdempotentSubmits {
    private static final Logger LOG = Logger.getLogger(IdempotentSubmits.class);
    private static final long LOOK_AGAIN_MILLIS = 100;

    private final IdempotencyClaims claims;
    private final Ids ids;
    private final ResultStore results;
    private final Publishing publishing;
    private final Vertx vertx;
    private final Counter repeated;

    /** Admits and publishes a request whose outcome will be kept. */
    public interface Publishing {
        void publish(CheckedCall call, RequestId id, Runnable acknowledged, Consumer<Refusal> refused);
    }

    public IdempotentSubmits(
            IdempotencyClaims claims,
            Ids ids,
            ResultStore results,
            Publishing publishing,
            Vertx vertx,
            MeterRegistry registry) {
        this.claims = claims;
        this.ids = ids;
        this.results = results;
        this.publishing = publishing;
        this.vertx = vertx;
        this.repeated = Counter.builder("inference.idempotent.republished")
                .description("Requests published again under their first id, as nobody knew whether they had been")
                .register(registry);
    }

    /** Completes with the id once the request is safe; fails with a {@link Refusal}. */
    public CompletionStage<RequestId> submit(CheckedCall call, IdempotencyKey key) {
        return claims.claim(key, ids.issue(call.call().tenant(), call.timeout()))
                .recover(failure -> Future.failedFuture(redisIsAway(failure)))
                .toCompletionStage()
                .thenCompose(claim -> {
                    if (claim.state() == IdempotencyClaims.State.OTHER_REQUEST) {
                        return CompletableFuture.failedFuture(reused());
                    }
                    RequestId id = ids.verify(claim.id()).orElseThrow(IdempotentSubmits::forgotten);
                    return switch (claim.state()) {
                        case NEW -> publish(call, id, key, true);
                        case LEFT -> publishAgain(call, id, key);
                        case IN_HAND -> later().thenCompose(timer -> submit(call, key));
                        case PUBLISHED, OTHER_REQUEST -> CompletableFuture.completedFuture(id);
                    };
                });
    }

    /** Under its first id, so that there is one outcome even if it runs twice, and only for the time that is left. */
    private CompletionStage<RequestId> publishAgain(CheckedCall call, RequestId id, IdempotencyKey key) {
        return results.find(id.toString())
                .recover(failure -> Future.failedFuture(redisIsAway(failure)))
                .toCompletionStage()
                .thenCompose(outcome -> {
                    if (outcome.isPresent()) {
                        return confirmed(id, key);
                    }
                    repeated.increment();
                    LOG.infof("Request %s is published again: nobody confirmed that it was", id);
                    Duration left = Duration.between(Instant.now(), id.deadline());
                    Duration timeout = left.isPositive() ? left : Duration.ofMillis(1);
                    return publish(call.within(timeout), id, key, false);
                });
    }

    /** @param first whether nobody can have published it before */
    private CompletionStage<RequestId> publish(CheckedCall call, RequestId id, IdempotencyKey key, boolean first) {
        CompletableFuture<RequestId> safe = new CompletableFuture<>();
        publishing.publish(
                call,
                id,
                () -> confirmed(id, key).thenAccept(safe::complete),
                refusal -> giveUp(id, key, first && !refusal.leavesDoubt(), safe, refusal));
        return safe;
    }

    /** Known before anybody is told of the id. If Redis cannot be told, the lease ends, and a retry finds the outcome or sees to it. */
    private CompletionStage<RequestId> confirmed(RequestId id, IdempotencyKey key) {
        return claims.published(key, id).map(id).otherwise(id).toCompletionStage();
    }

    private void giveUp(
            RequestId id, IdempotencyKey key, boolean free, CompletableFuture<RequestId> safe, Refusal refusal) {
        Future<?> told = free ? claims.release(key, id) : claims.leave(key, id);
        told.onComplete(done -> safe.completeExceptionally(refusal));
    }

    private CompletionStage<Long> later() {
        CompletableFuture<Long> later = new CompletableFuture<>();
        vertx.setTimer(LOOK_AGAIN_MILLIS, later::complete);
        return later;
    }

    private static Refusal reused() {
        String rule = "must be of its own for each request: this one belongs to another body, content type or model";
        return new Refusal(Problem.of(Problem.Kind.IDEMPOTENCY_KEY_REUSED, IdempotencyKey.HEADER + ": " + rule)
                .with("field", IdempotencyKey.HEADER)
                .with("rule", rule));
    }

    private static Refusal forgotten() {
        return new Refusal(
                Problem.of(Problem.Kind.GONE, "the request of this " + IdempotencyKey.HEADER + " is no longer known"));
    }

    private static Refusal redisIsAway(Throwable failure) {
        LOG.debugf(failure, "No claim of an idempotency key");
        return new Refusal(
                Problem.of(
                        Problem.Kind.UNAVAILABLE,
                        "Redis, which keeps idempotency keys, does not answer, so the request might run twice;"
                                + " it was not accepted. Retry with the same " + IdempotencyKey.HEADER),
                2);
    }
}
