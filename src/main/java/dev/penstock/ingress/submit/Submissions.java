package dev.penstock.ingress.submit;

import dev.penstock.ingress.call.CheckedCall;
import dev.penstock.ingress.call.Ids;
import dev.penstock.ingress.call.Refusal;
import dev.penstock.ingress.gate.Gate;
import dev.penstock.ingress.gate.OpenRequestLimit;
import dev.penstock.messages.RequestId;
import java.util.concurrent.CompletionStage;

/** Submits requests whose outcome is kept. Thread-safe. */
public final class Submissions implements IdempotentSubmits.Publishing {
    private final Ids ids;
    private final OpenRequestLimit openRequests;
    private final Gate gate;
    private final RequestPublisher publisher;

    public Submissions(Ids ids, OpenRequestLimit openRequests, Gate gate, RequestPublisher publisher) {
        this.ids = ids;
        this.openRequests = openRequests;
        this.gate = gate;
        this.publisher = publisher;
    }

    /** Completes with the id of a new request once Kafka has it; fails with a {@link Refusal} otherwise. */
    public CompletionStage<RequestId> submit(CheckedCall checked) {
        return publish(checked, ids.issue(checked.call().tenant(), checked.timeout()));
    }

    /** Takes the place first: a tenant without a place must not use up the capacity of others. */
    @Override
    public CompletionStage<RequestId> publish(CheckedCall checked, RequestId id) {
        String model = checked.call().model();
        return openRequests
                .take(checked, id, () -> gate.predictedWaitNanos(model, checked.lane()))
                .thenCompose(
                        place -> publisher.publish(RequestRecord.kept(checked, id), id, gate.admit(checked, place)));
    }
}
