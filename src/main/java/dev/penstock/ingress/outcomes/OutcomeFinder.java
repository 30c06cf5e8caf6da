package dev.penstock.ingress.outcomes;

import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.messages.RequestId;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * Finds the outcome of a request: in Redis if it is there, and otherwise in the log, unless Redis proves that there is none. Thread-safe.
 */
public final class OutcomeFinder {
    private final ResultStore results;
    private final Function<RequestId, CompletableFuture<Optional<StoredResult>>> log;

    /** @param log finds an outcome in the log; see {@link OutcomeLog#find} */
    public OutcomeFinder(ResultStore results, Function<RequestId, CompletableFuture<Optional<StoredResult>>> log) {
        this.results = results;
        this.log = log;
    }

    /** Completes with the outcome if Redis has it. Otherwise there may be one all the same; fails when Redis does not answer in time. */
    CompletableFuture<Optional<StoredResult>> glance(RequestId id) {
        return results.glance(id).toCompletionStage().toCompletableFuture();
    }

    /** Completes with the outcome, or empty when there is none yet; fails as {@link OutcomeLog#find} does. */
    public CompletableFuture<Optional<StoredResult>> find(RequestId id) {
        if (RequestIdIssuer.isToCaller(id)) {
            return log.apply(id);
        }
        return results.look(id)
                .toCompletionStage()
                .handle((look, redisIsAway) -> look != null && look.isConclusive()
                        ? CompletableFuture.completedFuture(look.outcome())
                        : log.apply(id))
                .thenCompose(answer -> answer)
                .toCompletableFuture();
    }
}
