package dev.penstock.ingress.submit;

import dev.penstock.ingress.call.CheckedCall;
import dev.penstock.ingress.call.EventLoopLag;
import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.ingress.gate.AdmissionControl;
import dev.penstock.ingress.gate.AdmittedRequest;
import dev.penstock.ingress.gate.RejectionMeters;
import dev.penstock.ingress.gate.Steering;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.Reply;
import dev.penstock.messages.RequestId;
import dev.penstock.protocol.Problem;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Runs calls whose callers wait here for the reply. Thread-safe. */
public final class SynchronousCalls {
    private static final int FULL_RETRY_SECONDS = 1;

    private final AdmissionControl admission;
    private final RequestIdIssuer ids;
    private final PendingReplies pending;
    private final Steering steering;
    private final Hedging hedging;
    private final RequestPublisher publisher;
    private final Cancellation cancellation;
    private final RejectionMeters rejections;
    private final CallLatency latency;
    private final CallStatistics statistics;
    private final LongSupplier nanoClock;

    public SynchronousCalls(
            AdmissionControl admission,
            RequestIdIssuer ids,
            PendingReplies pending,
            Steering steering,
            Hedging hedging,
            RequestPublisher publisher,
            Cancellation cancellation,
            RejectionMeters rejections,
            CallLatency latency,
            CallStatistics statistics,
            LongSupplier nanoClock) {
        this.admission = admission;
        this.ids = ids;
        this.pending = pending;
        this.steering = steering;
        this.hedging = hedging;
        this.publisher = publisher;
        this.cancellation = cancellation;
        this.rejections = rejections;
        this.latency = latency;
        this.statistics = statistics;
        this.nanoClock = nanoClock;
    }

    /** A call that was admitted and whose caller waits. */
    public final class PendingCall {
        private final CheckedCall checked;
        private final RequestId id;
        private final CompletableFuture<Optional<Reply>> arrived;
        private final CompletableFuture<Optional<Reply>> reply;

        private PendingCall(
                CheckedCall checked,
                RequestId id,
                CompletableFuture<Optional<Reply>> arrived,
                CompletableFuture<Optional<Reply>> reply) {
            this.checked = checked;
            this.id = id;
            this.arrived = arrived;
            this.reply = reply;
        }

        public RequestId id() {
            return id;
        }

        /** Completes with the reply, or empty at the deadline; fails with a {@link ProblemException} when the request was not published. */
        public CompletableFuture<Optional<Reply>> reply() {
            return reply;
        }

        /** The caller has its answer. */
        public void answered() {
            observe();
        }

        /** Cancels the request, unless its reply has arrived. */
        public void callerDisconnected() {
            observe();
            if (pending.abandon(id)) {
                arrived.complete(Optional.of(Cancellation.cancelled(id)));
                cancellation.announce(id);
            }
        }

        /** How long an accepted call took. One that was not published is none. */
        private void observe() {
            if (!arrived.isCompletedExceptionally()) {
                long nanos = nanoClock.getAsLong() - checked.readNanos();
                statistics.took(
                        checked.call().model(),
                        checked.version(),
                        checked.rows(),
                        reply.getNow(Optional.empty()),
                        nanos);
                checked.call()
                        .trace()
                        .asExample(() -> latency.took(checked.call().model(), nanos));
            }
        }
    }

    /** @throws ProblemException when the call is not admitted */
    public PendingCall start(CheckedCall checked) {
        AdmittedRequest admitted = admission.admit(checked);
        RequestId id = ids.issueToCaller(checked.call().tenant(), checked.timeout());
        long deadlineNanos = nanoClock.getAsLong() + checked.timeout().toNanos();
        CompletableFuture<Optional<Reply>> arrived = pending.await(id, deadlineNanos)
                .orElseThrow(() -> {
                    admitted.refused();
                    return full(checked);
                });
        ProducerRecord<byte[], byte[]> record =
                RequestRecord.repliedTo(pending.partition(), checked, id, steering.partition(checked));
        Hedging.OpenCall open = hedging.watch(id, checked, record, deadlineNanos, admitted, arrived);
        publisher
                .publish(record, id, admitted, checked.call().trace(), open::acknowledged)
                .exceptionally(failure -> {
                    pending.abandon(id);
                    arrived.completeExceptionally(failure);
                    return id;
                });
        return new PendingCall(
                checked,
                id,
                arrived,
                arrived.thenApply(reply ->
                        reply.filter(each -> !isLate(each, checked.call().lag(), deadlineNanos))));
    }

    /** Whether the response would be written only after the deadline. The caller can poll for the outcome. */
    private boolean isLate(Reply reply, EventLoopLag lag, long deadlineNanos) {
        long now = nanoClock.getAsLong();
        return reply.outcome() instanceof Outcome.Succeeded && now + lag.nanos(now) - deadlineNanos > 0;
    }

    private ProblemException full(CheckedCall checked) {
        rejections.rejected(checked.call().model(), RejectionMeters.Reason.PENDING);
        return new ProblemException(
                Problem.of(
                        Problem.Kind.CAPACITY, "too many synchronous calls are waiting (limit " + pending.max() + ")"),
                FULL_RETRY_SECONDS);
    }
}
