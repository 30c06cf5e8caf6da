package dev.penstock.ingress.outcomes;

import dev.penstock.ingress.call.IdempotencyKey;
import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.messages.Reply;
import dev.penstock.messages.RequestId;
import dev.penstock.protocol.Problem;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;

/** Finds and awaits the outcomes that are kept for their callers. Thread-safe. */
public final class KeptOutcomes {
    private static final Logger LOG = Logger.getLogger(KeptOutcomes.class);

    /** How long after its deadline the late outcome of a synchronous call is kept. */
    private static final Duration LATE_TTL = Duration.ofMinutes(1);

    private final RequestIdIssuer ids;
    private final ResultStore store;
    private final OutcomeWatch watch;
    private final Duration ttl;
    private final LongSupplier epochMillis;

    /** @param ttl how long after its deadline an outcome is kept */
    public KeptOutcomes(
            RequestIdIssuer ids, ResultStore store, OutcomeWatch watch, Duration ttl, LongSupplier epochMillis) {
        this.ids = ids;
        this.store = store;
        this.watch = watch;
        this.ttl = ttl;
        this.epochMillis = epochMillis;
    }

    /** Completes with the outcome, or empty if there is none after that time; fails when Redis does not answer then. */
    public CompletableFuture<Optional<StoredResult>> await(RequestId id, Duration atMost) {
        return watch.await(id.toString(), atMost);
    }

    /**
     * Completes with the outcome of a request that has an idempotency key, or empty at its deadline; fails with a {@link ProblemException}
     * when the outcome is unknown or no longer kept.
     */
    public CompletionStage<Optional<Reply>> awaitUntilDeadline(RequestId id) {
        long leftMillis = Math.max(0, id.deadlineMillis() - epochMillis.getAsLong());
        return await(id, Duration.ofMillis(leftMillis)).handle((found, failure) -> {
            if (failure != null || (found.isEmpty() && watch.isReleased())) {
                throw new ProblemException(
                        Problem.of(
                                Problem.Kind.UNAVAILABLE,
                                "the request was accepted, but this ingress cannot wait for its outcome now; "
                                        + "retry with the same " + IdempotencyKey.HEADER),
                        1);
            }
            if (found.isEmpty()) {
                requireKept(id);
            }
            return found.map(StoredResult::reply);
        });
    }

    /** @throws ProblemException when the outcome, if there was one, is no longer kept */
    public void requireKept(RequestId id) {
        if (isForgotten(id)) {
            throw new ProblemException(Problem.of(Problem.Kind.GONE, "the outcome of this request is no longer kept"));
        }
    }

    /** Keeps a reply whose caller no longer waits, unless so much time has passed that polls already report it gone. */
    public void keepLate(Reply late) {
        if (ids.verify(late.correlationId().toString()).filter(this::isForgotten).isPresent()) {
            return;
        }
        store.store(List.of(late))
                .onFailure(failure -> LOG.warnf(
                        "Redis did not store the late outcome of request %s: %s", late.correlationId(), failure));
    }

    /** Ends all waits at once, and from now on all new ones too. */
    public void release() {
        watch.release();
    }

    private boolean isForgotten(RequestId id) {
        Duration kept = RequestIdIssuer.isToCaller(id) ? LATE_TTL : ttl;
        return epochMillis.getAsLong() > id.deadlineMillis() + kept.toMillis();
    }
}
