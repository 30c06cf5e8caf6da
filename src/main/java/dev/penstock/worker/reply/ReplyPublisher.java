package dev.penstock.worker.reply;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.batching.CostNode;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Reply;
import dev.penstock.messages.Timings;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.InferenceResponse;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Problem;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.codec.NoJsonFormException;
import dev.penstock.protocol.codec.ResponseWriter;
import dev.penstock.worker.loop.Replies;
import dev.penstock.worker.loop.Task;
import dev.penstock.worker.loop.WorkerMeters;
import dev.penstock.worker.offsets.Origin;
import dev.penstock.worker.offsets.ReplyAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.jboss.logging.Logger;

/**
 * Sends one model's replies and dead letters, and settles each request's place in the log once the broker has acknowledged. A reply
 * that cannot be delivered makes the request a dead letter; if even that fails, the place stays unsettled and the request is served
 * again after a restart. Thread-safe.
 *
 * <p>Callbacks run on the producer's own network thread, where a send to a topic without metadata would wait for itself. So the metadata
 * of every topic is fetched before anything is sent to it: here for dead letters, in {@link ReplyTopics} for replies.
 */
public final class ReplyPublisher implements Replies {
    private static final Logger LOG = Logger.getLogger(ReplyPublisher.class);

    /** Room for headers and framing within the limit on a record. */
    private static final int RECORD_OVERHEAD = 16 * 1024;

    /** Of one length: of a request to the log, of its reply to the broker, and on to whoever waits. */
    private static final int WAYS = 3;

    private final Producer<byte[], byte[]> producer;
    private final String model;
    private final int maxRecordBytes;
    private final WorkerMeters meters;
    private final Cancellations cancellations;

    /** How long replies take to the broker. Confined to the producer's thread. */
    private final CostNode acknowledgement = new CostNode();

    private volatile long deliveryNanos;

    public ReplyPublisher(
            Producer<byte[], byte[]> producer,
            String model,
            int maxRecordBytes,
            WorkerMeters meters,
            Cancellations cancellations) {
        this.cancellations = cancellations;
        this.producer = producer;
        this.model = model;
        this.maxRecordBytes = maxRecordBytes;
        this.meters = meters;
        producer.partitionsFor(Topics.deadLetters(model));
    }

    @Override
    public Outcome outcome(Task task, List<Tensor> batchOutputs, int fromRow) {
        InferenceRequest request = task.request();
        List<Tensor> outputs = new ArrayList<>(batchOutputs.size());
        for (Tensor output : batchOutputs) {
            if (request.wants(output.name())) {
                outputs.add(task.fit().crop(output.rows(fromRow, task.rows())));
            }
        }
        InferenceResponse response =
                new InferenceResponse(model, task.origin().modelVersion(), request.id(), parameters(task), outputs);
        try {
            Payload payload = ResponseWriter.write(response, request::wantsBinary);
            int limit = maxRecordBytes - RECORD_OVERHEAD;
            return payload.bytes().limit() > limit
                    ? failed("the response has " + payload.bytes().limit() + " bytes, and a record takes " + limit
                            + ": ask for fewer rows or outputs")
                    : new Outcome.Succeeded(payload);
        } catch (NoJsonFormException notInThisForm) {
            return failed(String.valueOf(notInThisForm.getMessage()));
        }
    }

    private static Map<String, Object> parameters(Task task) {
        return task.features()
                .<Map<String, Object>>map(
                        features -> Map.of("features", features.kind().name().toLowerCase(Locale.ROOT)))
                .orElse(Map.of());
    }

    private static Outcome failed(String why) {
        return new Outcome.Failed(Problem.of(Problem.Kind.INFERENCE_FAILED, why));
    }

    @Override
    public boolean isCancelled(Task task) {
        return cancellations.contains(task.origin().correlationId());
    }

    @Override
    public long deliveryNanos() {
        return deliveryNanos;
    }

    /** The ways from the broker to whoever waits, and from there to the log before, are not seen here: each is taken to be as long. */
    private void acknowledged(long nanos) {
        acknowledgement.observe((double) nanos);
        deliveryNanos = (long) (WAYS * acknowledgement.p95());
    }

    @Override
    public void send(Task task, Outcome outcome, Timings timings) {
        long now = System.nanoTime();
        meters.settled(outcome.status(), now - task.arrivalNanos());
        reply(task.origin(), outcome, timings, task.origin().position()::settle);
    }

    /** For a record that cannot be served: keeps it for people, and answers where somebody can be answered. */
    public void reject(Origin origin, Problem problem) {
        meters.settled("failed", 0);
        Runnable safe = afterTwo(origin.position()::settle);
        deadLetter(origin, problem.detail(), safe);
        reply(origin, new Outcome.Failed(problem), Timings.NONE, safe);
    }

    /** @param safe runs once the broker has the reply, or nobody asked for one */
    private void reply(Origin origin, Outcome outcome, Timings timings, Runnable safe) {
        if (origin.replyTo().isEmpty()) {
            safe.run();
            return;
        }
        Reply reply = new Reply(origin.correlationId(), model, origin.modelVersion(), outcome, timings);
        ReplyAddress address = origin.replyTo().get();
        byte[] key =
                address.partition().isPresent() ? null : origin.correlationId().getBytes(UTF_8);
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(address.topic(), address.partition().orElse(null), key, reply.value());
        reply.writeHeaders(record.headers());
        echo(origin.source().headers(), record.headers());
        long sent = System.nanoTime();
        producer.send(record, (metadata, failure) -> {
            if (failure == null) {
                acknowledged(System.nanoTime() - sent);
                safe.run();
            } else {
                LOG.errorf(
                        failure,
                        "The reply to %s could not be delivered to %s",
                        origin.correlationId(),
                        address.topic());
                deadLetter(
                        origin,
                        "the reply could not be delivered to " + address.topic() + ": " + failure.getMessage(),
                        safe);
            }
        });
    }

    /** The second of two runs counts. */
    private static Runnable afterTwo(Runnable then) {
        AtomicBoolean first = new AtomicBoolean(true);
        return () -> {
            if (!first.getAndSet(false)) {
                then.run();
            }
        };
    }

    /** @param kept runs once the dead letter is safe */
    private void deadLetter(Origin origin, String error, Runnable kept) {
        meters.deadLetter();
        var source = origin.source();
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(Topics.deadLetters(model), null, source.key(), source.value());
        source.headers().forEach(record.headers()::add);
        RecordHeaders.set(record.headers(), "penstock-error", error);
        RecordHeaders.set(record.headers(), "penstock-attempts", "1");
        RecordHeaders.set(record.headers(), "penstock-source-topic", source.topic());
        RecordHeaders.set(record.headers(), "penstock-source-partition", Integer.toString(source.partition()));
        RecordHeaders.set(record.headers(), "penstock-source-offset", Long.toString(source.offset()));
        producer.send(record, (metadata, failure) -> {
            if (failure == null) {
                kept.run();
            } else {
                LOG.errorf(
                        failure,
                        "%s-%d@%d is neither answered nor a dead letter; it will be served again after a restart (%s)",
                        source.topic(),
                        source.partition(),
                        source.offset(),
                        error);
            }
        });
    }

    /** What the sender uses to follow its request: trace context and CloudEvents' attributes. */
    private static void echo(Headers from, Headers to) {
        for (Header header : from) {
            if (header.key().equals(RecordHeaders.TRACEPARENT)
                    || header.key().startsWith(RecordHeaders.CLOUD_EVENTS_PREFIX)) {
                to.add(new RecordHeader(header.key(), header.value()));
            }
        }
    }
}
