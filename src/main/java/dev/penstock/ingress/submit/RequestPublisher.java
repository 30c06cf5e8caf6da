package dev.penstock.ingress.submit;

import dev.penstock.ingress.call.IdempotencyKey;
import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.gate.AdmittedRequest;
import dev.penstock.messages.RequestId;
import dev.penstock.protocol.Problem;
import dev.penstock.tracing.CallTrace;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/** Publishes admitted requests, and settles each when Kafka has answered. Thread-safe. */
public final class RequestPublisher {
    private final Publisher publisher;
    private final Gathering gathering;

    public RequestPublisher(Publisher publisher, Gathering gathering) {
        this.publisher = publisher;
        this.gathering = gathering;
    }

    /** Completes with the id once Kafka has the request; fails with a {@link ProblemException} otherwise. */
    CompletableFuture<RequestId> publish(
            ProducerRecord<byte[], byte[]> record, RequestId id, AdmittedRequest admitted, CallTrace trace) {
        return publish(record, id, admitted, trace, metadata -> {});
    }

    /** @param acknowledged hears where the request is in the log, on the producer's thread */
    CompletableFuture<RequestId> publish(
            ProducerRecord<byte[], byte[]> record,
            RequestId id,
            AdmittedRequest admitted,
            CallTrace trace,
            Consumer<RecordMetadata> acknowledged) {
        CompletableFuture<Publication> published = new CompletableFuture<>();
        gathering.add(() -> send(record, admitted.predictedWaitNanos(), acknowledged, published));
        return published.thenApply(publication -> {
            trace.published(publication == Publication.ACKNOWLEDGED);
            settle(admitted, publication);
            return id;
        });
    }

    /** A bug that one request provokes must not stop the others of its group. */
    private void send(
            ProducerRecord<byte[], byte[]> record,
            long waitNanos,
            Consumer<RecordMetadata> acknowledged,
            CompletableFuture<Publication> published) {
        try {
            publisher.publish(record, waitNanos, acknowledged).whenComplete((publication, bug) -> {
                if (bug == null) {
                    published.complete(publication);
                } else {
                    published.completeExceptionally(bug);
                }
            });
        } catch (RuntimeException bug) {
            published.completeExceptionally(bug);
        }
    }

    /** @throws ProblemException unless Kafka has the request: it says whether the request may run all the same */
    static void settle(AdmittedRequest admitted, Publication publication) {
        switch (publication) {
            case ACKNOWLEDGED -> admitted.accepted();
            case NOT_SENT -> {
                admitted.refused();
                throw notSent();
            }
            case IN_DOUBT -> {
                admitted.inDoubt();
                throw inDoubt();
            }
        }
    }

    static ProblemException notSent() {
        return new ProblemException(
                Problem.of(
                        Problem.Kind.UNAVAILABLE,
                        "Kafka does not take requests at the moment; the request was not accepted"),
                1);
    }

    static ProblemException inDoubt() {
        return ProblemException.inDoubt(
                Problem.of(
                        Problem.Kind.UNAVAILABLE,
                        "Kafka did not acknowledge the request in time; it may or may not run. Retry with the same "
                                + IdempotencyKey.HEADER + " if it had one, to get the same request"),
                2);
    }
}
