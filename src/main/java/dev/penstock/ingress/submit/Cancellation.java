package dev.penstock.ingress.submit;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Reply;
import dev.penstock.messages.RequestId;
import dev.penstock.messages.Timings;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.Problem;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jboss.logging.Logger;

/** Cancels requests. Thread-safe. */
public final class Cancellation {
    private static final Logger LOG = Logger.getLogger(Cancellation.class);

    private final Publisher publisher;
    private final int replyPartitions;

    /** @param replyPartitions how many {@code penstock.replies} has */
    public Cancellation(Publisher publisher, int replyPartitions) {
        this.publisher = publisher;
        this.replyPartitions = replyPartitions;
    }

    /**
     * Makes {@code cancelled} the outcome of a request, unless it has one already: the first reply in the log counts. Workers are informed too. Fails with a {@link ProblemException} when Kafka did not acknowledge it.
     */
    public CompletableFuture<Void> cancel(RequestId id) {
        announce(id);
        Reply reply = cancelled(id);
        ProducerRecord<byte[], byte[]> record = RequestIdIssuer.isToCaller(id)
                ? new ProducerRecord<>(
                        Topics.REPLIES, RequestIdIssuer.partitionOf(id, replyPartitions), null, reply.value())
                : new ProducerRecord<>(Topics.RESULTS, id.toString().getBytes(UTF_8), reply.value());
        reply.writeHeaders(record.headers());
        return publisher.publish(record, 0).thenAccept(publication -> {
            switch (publication) {
                case ACKNOWLEDGED -> {}
                case NOT_SENT -> throw failed("Kafka does not take the cancellation at the moment; retry it", 1);
                case IN_DOUBT ->
                    throw failed(
                            "Kafka did not acknowledge the cancellation in time; poll the request, or retry it", 2);
            }
        });
    }

    /** Asks workers not to run a request. If they miss it, the request runs in vain, and nothing worse happens. */
    void announce(RequestId id) {
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(Topics.CANCELLATIONS, id.toString().getBytes(UTF_8), new byte[0]);
        RecordHeaders.set(record.headers(), RecordHeaders.DEADLINE_MS, Long.toString(id.deadlineMillis()));
        publisher.publish(record, 0).thenAccept(publication -> {
            if (publication != Publication.ACKNOWLEDGED) {
                LOG.debugf("Workers may not know that request %s is cancelled: %s", id, publication);
            }
        });
    }

    private static ProblemException failed(String detail, int retryAfterSeconds) {
        return new ProblemException(Problem.of(Problem.Kind.UNAVAILABLE, detail), retryAfterSeconds);
    }

    static Reply cancelled(RequestId id) {
        return new Reply(id.toString(), "", "", new Outcome.Cancelled(), Timings.NONE);
    }
}
