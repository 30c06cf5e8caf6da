package dev.penstock.ingress.submit;

import dev.penstock.ingress.call.CheckedCall;
import dev.penstock.ingress.call.IdempotencyKey;
import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.outcomes.KeptOutcomes;
import dev.penstock.messages.Reply;
import dev.penstock.messages.RequestId;
import dev.penstock.protocol.Problem;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * Runs calls whose callers wait for the outcome, through whatever door they came: a call without an idempotency key as it is, and one with
 * a key as the request that the key names. Thread-safe.
 */
public final class AwaitedCalls {
    private final SynchronousCalls synchronousCalls;
    private final IdempotentSubmissions idempotentSubmissions;
    private final KeptOutcomes outcomes;

    /**
     * The answer to a call.
     *
     * @param reply empty when none arrived by the deadline
     */
    public record Answer(RequestId id, Optional<Reply> reply) {}

    public AwaitedCalls(
            SynchronousCalls synchronousCalls, IdempotentSubmissions idempotentSubmissions, KeptOutcomes outcomes) {
        this.synchronousCalls = synchronousCalls;
        this.idempotentSubmissions = idempotentSubmissions;
        this.outcomes = outcomes;
    }

    /**
     * Completes with the answer; fails with a {@link ProblemException} when the call is not accepted.
     *
     * @param started takes the call that must hear when its caller has the answer or is gone. A request with a key has none, since its
     *     outcome is kept
     * @throws ProblemException when the call is not admitted
     */
    public CompletionStage<Answer> run(
            CheckedCall checked, Optional<IdempotencyKey> key, Consumer<SynchronousCalls.PendingCall> started) {
        if (key.isPresent()) {
            return idempotentSubmissions
                    .submit(checked, key.get())
                    .thenCompose(id -> outcomes.awaitUntilDeadline(id).thenApply(reply -> new Answer(id, reply)));
        }
        SynchronousCalls.PendingCall call = synchronousCalls.start(checked);
        started.accept(call);
        return call.reply().thenApply(reply -> new Answer(call.id(), reply));
    }

    /** The answer to a call that had no outcome by its deadline. */
    public static Problem deadlineExceeded(RequestId id) {
        return Problem.of(
                        Problem.Kind.DEADLINE_EXCEEDED, "there was no outcome by the deadline; poll /v2/requests/" + id)
                .with("id", id.toString());
    }
}
