package dev.penstock.ingress.outcomes;

import dev.penstock.ingress.call.IdempotencyKey;
import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.kafka.TopicLayout;
import dev.penstock.messages.Reply;
import dev.penstock.messages.RequestId;
import dev.penstock.protocol.Problem;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;

/** Finds and awaits outcomes on behalf of callers. Thread-safe. */
public final class KeptOutcomes {
    private static final Logger LOG = Logger.getLogger(KeptOutcomes.class);

    /** Replies come within seconds of the deadline, also after the death of a worker. The rest is for clocks that differ. */
    private static final Duration OVERDUE = Duration.ofMinutes(1);

    private final OutcomeWatch watch;
    private final Duration ttl;
    private final LongSupplier epochMillis;

    /** @param ttl how long after its deadline an outcome is kept; that of a synchronous call as long as its topic keeps it */
    public KeptOutcomes(OutcomeWatch watch, Duration ttl, LongSupplier epochMillis) {
        this.watch = watch;
        this.ttl = ttl;
        this.epochMillis = epochMillis;
    }

    /**
     * Completes with the outcome, or empty if there is none after that time. Fails with a {@link ProblemException} when the outcome, if there
     * was one, is no longer kept, or when it cannot be looked for at the end of that time.
     */
    public CompletableFuture<Optional<StoredResult>> await(RequestId id, Duration atMost) {
        if (isForgotten(id)) {
            return CompletableFuture.failedFuture(OutcomeLog.gone());
        }
        return watch.await(id, atMost).exceptionally(failure -> {
            if (OutcomeLog.isGone(failure)) {
                throw OutcomeLog.gone();
            }
            LOG.debugf(failure, "The outcome of request %s could not be looked for", id);
            throw new ProblemException(
                    Problem.of(
                            Problem.Kind.UNAVAILABLE,
                            "the outcome cannot be looked for now, since Redis and Kafka do not answer in time; it is not lost"),
                    1);
        });
    }

    /** As {@link #await}, but for streams that go on for as long as the outcome is kept: empty also when it cannot be looked for. */
    public CompletableFuture<Optional<StoredResult>> awaitOrGoOn(RequestId id, Duration atMost) {
        return await(id, atMost).exceptionally(failure -> {
            if (watch.isReleased() || isForgotten(id)) {
                throw OutcomeLog.gone();
            }
            return Optional.empty();
        });
    }

    /**
     * Completes with the outcome of a request that has an idempotency key, or empty at its deadline; fails with a {@link ProblemException}
     * when the outcome is unknown or no longer kept.
     */
    public CompletionStage<Optional<Reply>> awaitUntilDeadline(RequestId id) {
        long leftMillis = Math.max(0, id.deadlineMillis() - epochMillis.getAsLong());
        return await(id, Duration.ofMillis(leftMillis)).handle((found, failure) -> {
            if (failure != null && isForgotten(id)) {
                throw OutcomeLog.gone();
            }
            if (failure != null || (found.isEmpty() && watch.isReleased())) {
                throw new ProblemException(
                        Problem.of(
                                Problem.Kind.UNAVAILABLE,
                                "the request was accepted, but this ingress cannot wait for its outcome now; "
                                        + "retry with the same " + IdempotencyKey.HEADER),
                        1);
            }
            return found.map(StoredResult::reply);
        });
    }

    /** @throws ProblemException when the outcome, if there was one, is no longer kept */
    public void requireKept(RequestId id) {
        if (isForgotten(id)) {
            throw OutcomeLog.gone();
        }
    }

    /** Whether a request without an outcome cannot be called queued any more. That is no outcome: a worker may still send one. */
    public boolean isOverdue(RequestId id) {
        return epochMillis.getAsLong() > id.deadlineMillis() + OVERDUE.toMillis();
    }

    /** Ends all waits at once, and from now on all new ones too. */
    public void release() {
        watch.release();
    }

    private boolean isForgotten(RequestId id) {
        Duration kept = RequestIdIssuer.isToCaller(id) ? TopicLayout.REPLY_RETENTION : ttl;
        return epochMillis.getAsLong() > id.deadlineMillis() + kept.toMillis();
    }
}
