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
import dev.penstock.worker.accepted.AcceptedRecord;
import dev.penstock.worker.accepted.LogPartition;
import dev.penstock.worker.accepted.ReplyAddress;
import dev.penstock.worker.accepted.SourceRecord;
import dev.penstock.worker.loop.Replies;
import dev.penstock.worker.loop.Task;
import dev.penstock.worker.loop.WorkerMeters;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.jboss.logging.Logger;

/**
 * Sends one model's replies and dead letters, and settles each record once the broker has acknowledged. A request whose reply cannot be
 * delivered becomes a dead letter. If that fails too, its record stays unsettled and is served again after a restart. Thread-safe.
 *
 * <p>Callbacks run on the producer's network thread. A send from there to a topic without metadata would wait for itself. So metadata is
 * fetched before the first send to a topic: here for dead letters, in {@link ReplyTopics} for replies.
 */
public final class ReplyPublisher implements Replies {
    private static final Logger LOG = Logger.getLogger(ReplyPublisher.class);

    /** Bytes that a record needs beside its value: headers and framing. */
    private static final int RECORD_OVERHEAD = 16 * 1024;

    /** Legs of the way that are taken to be equally long: request to log, reply to broker, reply to caller. */
    private static final int DELIVERY_LEGS = 3;

    private final Producer<byte[], byte[]> producer;
    private final String model;
    private final int maxRecordBytes;
    private final WorkerMeters meters;
    private final Cancellations cancellations;

    /** The time until the broker acknowledges a reply. Confined to the producer's thread. */
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
                outputs.add(task.paddingPlan().crop(output.rows(fromRow, task.rows())));
            }
        }
        InferenceResponse response =
                new InferenceResponse(model, task.record().modelVersion(), request.id(), parameters(task), outputs);
        try {
            Payload payload = ResponseWriter.write(response, request::wantsBinary);
            int limit = maxRecordBytes - RECORD_OVERHEAD;
            return payload.bytes().limit() > limit
                    ? failed("the response must have at most " + limit + " bytes, had "
                            + payload.bytes().limit() + "; ask for fewer rows or outputs")
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
        return cancellations.contains(task.record().correlationId());
    }

    @Override
    public long deliveryNanos() {
        return deliveryNanos;
    }

    /** Measures the one leg that is seen here, and estimates the others from it. */
    private void acknowledged(long nanos) {
        acknowledgement.observe((double) nanos);
        deliveryNanos = (long) (DELIVERY_LEGS * acknowledgement.p95());
    }

    @Override
    public void send(Task task, Outcome outcome, Timings timings) {
        long now = System.nanoTime();
        meters.settled(outcome.status(), now - task.arrivalNanos());
        reply(task.record(), outcome, timings, task.record()::settle);
    }

    /** Keeps a record that cannot be served as a dead letter, and replies with the problem if the sender wants a reply. */
    public void reject(AcceptedRecord record, Problem problem) {
        meters.settled("failed", 0);
        Runnable safe = afterTwo(record::settle);
        deadLetter(record, problem.detail(), safe);
        reply(record, new Outcome.Failed(problem), Timings.NONE, safe);
    }

    /** @param safe runs once the broker has the reply, or at once when the sender wants none */
    private void reply(AcceptedRecord record, Outcome outcome, Timings timings, Runnable safe) {
        if (record.replyTo().isEmpty()) {
            safe.run();
            return;
        }
        Reply reply = new Reply(record.correlationId(), model, record.modelVersion(), outcome, timings);
        ReplyAddress address = record.replyTo().get();
        byte[] key =
                address.partition().isPresent() ? null : record.correlationId().getBytes(UTF_8);
        ProducerRecord<byte[], byte[]> sent =
                new ProducerRecord<>(address.topic(), address.partition().orElse(null), key, reply.value());
        reply.writeHeaders(sent.headers());
        echo(record.source(), sent.headers());
        long sentNanos = System.nanoTime();
        producer.send(sent, (metadata, failure) -> {
            if (failure == null) {
                acknowledged(System.nanoTime() - sentNanos);
                safe.run();
            } else {
                LOG.errorf(
                        failure,
                        "Could not deliver the reply to request %s to topic %s; the request becomes a dead letter",
                        record.correlationId(),
                        address.topic());
                deadLetter(
                        record,
                        "the reply could not be delivered to topic " + address.topic() + ": " + failure.getMessage(),
                        safe);
            }
        });
    }

    /** Runs {@code then} at the second of two calls. */
    private static Runnable afterTwo(Runnable then) {
        AtomicBoolean first = new AtomicBoolean(true);
        return () -> {
            if (!first.getAndSet(false)) {
                then.run();
            }
        };
    }

    /** @param kept runs once the dead letter is safe */
    private void deadLetter(AcceptedRecord record, String error, Runnable kept) {
        meters.deadLetter();
        SourceRecord source = record.source();
        LogPartition partition = source.partition();
        ProducerRecord<byte[], byte[]> letter =
                new ProducerRecord<>(Topics.deadLetters(model), null, source.key(), source.value());
        Headers headers = letter.headers();
        source.forEachHeader(headers::add);
        RecordHeaders.set(headers, RecordHeaders.DEAD_LETTER_ERROR, error);
        RecordHeaders.set(headers, RecordHeaders.DEAD_LETTER_ATTEMPTS, Integer.toString(record.runs()));
        RecordHeaders.set(headers, RecordHeaders.DEAD_LETTER_SOURCE_TOPIC, partition.topic());
        RecordHeaders.set(headers, RecordHeaders.DEAD_LETTER_SOURCE_PARTITION, Integer.toString(partition.partition()));
        RecordHeaders.set(headers, RecordHeaders.DEAD_LETTER_SOURCE_OFFSET, Long.toString(source.offset()));
        producer.send(letter, (metadata, failure) -> {
            if (failure == null) {
                kept.run();
            } else {
                LOG.errorf(
                        failure,
                        "Record %s could be neither answered nor kept as a dead letter; it is served again after a restart. Problem: %s",
                        source.place(),
                        error);
            }
        });
    }

    /** Copies the headers by which the sender follows its request: trace context and CloudEvents' attributes. */
    private static void echo(SourceRecord from, Headers to) {
        from.forEachHeader((name, value) -> {
            if (name.equals(RecordHeaders.TRACEPARENT) || name.startsWith(RecordHeaders.CLOUD_EVENTS_PREFIX)) {
                to.add(name, value);
            }
        });
    }
}
