package dev.penstock.ingress.submit;

import dev.penstock.ingress.call.CheckedCall;
import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.ingress.gate.AdmissionControl;
import dev.penstock.ingress.gate.AdmittedRequest;
import dev.penstock.ingress.gate.OpenRequestLimit;
import dev.penstock.ingress.gate.Steering;
import dev.penstock.messages.RequestId;
import java.util.concurrent.CompletionStage;

/** Submits requests whose outcome is kept. Thread-safe. */
public final class Submissions implements IdempotentSubmissions.Publishing {
    private final RequestIdIssuer ids;
    private final OpenRequestLimit openRequests;
    private final AdmissionControl admission;
    private final Steering steering;
    private final RequestPublisher publisher;

    public Submissions(
            RequestIdIssuer ids,
            OpenRequestLimit openRequests,
            AdmissionControl admission,
            Steering steering,
            RequestPublisher publisher) {
        this.ids = ids;
        this.openRequests = openRequests;
        this.admission = admission;
        this.steering = steering;
        this.publisher = publisher;
    }

    /** Completes with the id of a new request once Kafka has it; fails with a {@link ProblemException} otherwise. */
    public CompletionStage<RequestId> submit(CheckedCall checked) {
        return publish(checked, ids.issue(checked.call().tenant(), checked.timeout()));
    }

    /** Takes the place first: a tenant without a place must not use up the capacity of others. */
    @Override
    public CompletionStage<RequestId> publish(CheckedCall checked, RequestId id) {
        String model = checked.call().model();
        return openRequests
                .take(checked, id, () -> admission.predictedWaitNanos(model, checked.lane()))
                .thenCompose(place -> {
                    AdmittedRequest admitted = admission.admit(checked, place);
                    return publisher.publish(
                            RequestRecord.kept(checked, id, steering.partition(checked)),
                            id,
                            admitted,
                            checked.call().trace());
                });
    }
}
