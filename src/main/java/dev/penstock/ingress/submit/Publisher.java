package dev.penstock.ingress.submit;

import dev.penstock.kafka.Absence;
import dev.penstock.kafka.GroupedProducer;
import dev.penstock.kafka.KafkaClients;
import dev.penstock.kafka.MissingRightException;
import dev.penstock.messages.Topics;
import dev.penstock.messages.WarmUpModels;
import dev.penstock.metrics.SharedMeters;
import dev.penstock.threads.Fault;
import dev.penstock.threads.TroubleLog;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.MetadataRecoveryStrategy;
import org.apache.kafka.clients.producer.BufferExhaustedException;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Publishes records to Kafka without blocking an event loop: a record that cannot be handed to the producer's thread at once is not sent, and
 * the bytes in flight have a limit. Thread-safe.
 *
 * <p>Batching pays under load and costs when idle, so there are two producers ({@link GroupedProducer}). The prompt one sends a record at
 * once if none is in flight to that broker; records that arrive meanwhile go together with the next. The other lingers. It takes the records
 * of a group, and records that would wait much longer than that in the queue of their model anyway. The order between requests carries no
 * meaning.
 */
public final class Publisher implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Publisher.class);

    /** A queue is long when its predicted wait is at least this many times the linger. The prediction is not exact. */
    private static final int LONG_QUEUE_IN_LINGERS = 5;

    /** A batch goes to one partition, and so to one worker. Larger batches would keep one worker busy while others idle. */
    private static final int BATCH_BYTES = 32 * 1024;

    private static final String WARM_UP =
            Topics.requests(WarmUpModels.OF_INGRESS).getFirst();

    private static final int PREPARE_TRIES = 100;
    private static final long PREPARE_PAUSE_MILLIS = 10;

    /** A call that is the first of a model waits so long for the metadata of its topic. */
    private static final long PREPARED_WITHIN_MILLIS = 1500;

    private final GroupedProducer producers;
    private final MeterRegistry registry;
    private final Timer writes;
    private final long queueNanos;
    private final long maxBytes;
    private final AtomicLong bytesInFlight = new AtomicLong();
    /** By topic, complete once its metadata is known. */
    private final Map<String, CompletableFuture<Void>> prepared = new ConcurrentHashMap<>();

    private final Map<String, TroubleLog> troubles = new ConcurrentHashMap<>();

    /**
     * How records are sent.
     *
     * @param maxBytes the most bytes in flight to Kafka
     * @param queuedLinger how long a record of a long queue lingers
     * @param maxRecordBytes the most bytes of one record, headers included
     */
    public record Settings(long maxBytes, Duration queuedLinger, int maxRecordBytes) {}

    public Publisher(KafkaClients kafka, Settings settings, MeterRegistry registry, Consumer<? super Fault> faults) {
        this.registry = registry;
        this.writes = SharedMeters.kafkaWrite(registry);
        this.maxBytes = settings.maxBytes();
        this.producers = GroupedProducer.open(kafka, properties(settings), settings.queuedLinger(), faults);
        this.queueNanos = LONG_QUEUE_IN_LINGERS * settings.queuedLinger().toNanos();
    }

    /**
     * Fetches the metadata of topics, which must happen before records are published to them. The brokers are asked for all of them at
     * once. Blocks for a second at most: not for event loops.
     *
     * @throws KafkaException when the brokers did not say in that time where one of the topics is; the others are prepared all the same
     */
    public void prepare(Collection<String> topics) throws InterruptedException {
        List<String> unknown = new ArrayList<>(topics);
        for (int tries = 0; ; tries++) {
            unknown.removeIf(this::isPrepared);
            if (unknown.isEmpty()) {
                return;
            }
            if (tries == PREPARE_TRIES) {
                throw new TimeoutException("Kafka does not say where topic " + String.join(", ", unknown)
                        + " is: no broker answers, the topic is missing, or this process may not describe it");
            }
            TimeUnit.MILLISECONDS.sleep(PREPARE_PAUSE_MILLIS);
        }
    }

    /** Asks both producers for the metadata, whatever the first says, until they are known. */
    private boolean isPrepared(String topic) {
        CompletableFuture<Void> known = prepared(topic);
        if (known.isDone()) {
            return true;
        }
        boolean isKnownToPrompt = isKnown(producers.prompt(), topic);
        boolean isKnownToLingering = isKnown(producers.lingering(), topic);
        if (isKnownToPrompt && isKnownToLingering) {
            known.complete(null);
        }
        return known.isDone();
    }

    /** Never blocks: the producer asks the brokers on its own thread. */
    private static boolean isKnown(Producer<byte[], byte[]> producer, String topic) {
        try {
            producer.partitionsFor(topic);
            return true;
        } catch (TimeoutException notYet) {
            return false;
        }
    }

    /**
     * Sends a record. Never fails and never blocks; completes on the producer's thread, or at once when nothing was sent. A record for a
     * topic that is not prepared yet waits a little until it is.
     *
     * @param waitNanos how long the record is expected to wait in the queue that it goes to
     */
    public CompletableFuture<Publication> publish(ProducerRecord<byte[], byte[]> record, long waitNanos) {
        return publish(record, waitNanos, metadata -> {});
    }

    /** Runs {@code sends}, which publishes so many records, and lets them go to Kafka together. */
    public void together(int records, Runnable sends) {
        producers.together(records, sends);
    }

    /** @param acknowledged hears where the record is in the log, on the producer's thread */
    CompletableFuture<Publication> publish(
            ProducerRecord<byte[], byte[]> record, long waitNanos, Consumer<RecordMetadata> acknowledged) {
        int bytes = record.value().length;
        if (bytesInFlight.get() + bytes > maxBytes) {
            return CompletableFuture.completedFuture(Publication.NOT_SENT);
        }
        CompletableFuture<Void> known = prepared(record.topic());
        if (known.isDone()) {
            return send(record, waitNanos, acknowledged);
        }
        bytesInFlight.addAndGet(bytes);
        return known.copy()
                .orTimeout(PREPARED_WITHIN_MILLIS, TimeUnit.MILLISECONDS)
                .handle((prepared, late) -> {
                    bytesInFlight.addAndGet(-bytes);
                    if (late == null) {
                        return send(record, waitNanos, acknowledged);
                    }
                    note(
                            record.topic(),
                            new KafkaException("its metadata has not come within " + PREPARED_WITHIN_MILLIS + " ms"));
                    return CompletableFuture.completedFuture(Publication.NOT_SENT);
                })
                .thenCompose(publication -> publication);
    }

    private CompletableFuture<Void> prepared(String topic) {
        return prepared.computeIfAbsent(topic, name -> new CompletableFuture<>());
    }

    private CompletableFuture<Publication> send(
            ProducerRecord<byte[], byte[]> record, long waitNanos, Consumer<RecordMetadata> acknowledged) {
        int bytes = record.value().length;
        bytesInFlight.addAndGet(bytes);
        CompletableFuture<Publication> publication = new CompletableFuture<>();
        Timer.Sample write = Timer.start(registry);
        Callback settled = (metadata, failure) -> {
            bytesInFlight.addAndGet(-bytes);
            note(record.topic(), failure);
            if (failure == null) {
                if (!record.topic().equals(WARM_UP)) {
                    write.stop(writes);
                }
                acknowledged.accept(metadata);
            }
            publication.complete(publication(metadata, failure));
        };
        try {
            if (waitNanos > queueNanos) {
                producers.lingering().send(record, settled);
            } else {
                producers.send(record, settled);
            }
        } catch (KafkaException notSent) {
            bytesInFlight.addAndGet(-bytes);
            note(record.topic(), notSent);
            publication.complete(Publication.NOT_SENT);
        }
        return publication;
    }

    /**
     * A record that failed before it had a partition was never sent, and neither was one that found no buffer. One that the broker refused
     * is not in the log. All others may be: their acknowledgement is missing.
     */
    static Publication publication(@Nullable RecordMetadata metadata, @Nullable Exception failure) {
        if (failure == null) {
            return Publication.ACKNOWLEDGED;
        }
        boolean hasNoPartition = metadata != null && metadata.partition() < 0;
        return switch (failure) {
            case BufferExhaustedException full -> Publication.NOT_SENT;
            case AuthorizationException denied -> Publication.NOT_SENT;
            case RecordTooLargeException tooLarge -> Publication.NOT_SENT;
            case InvalidTopicException noTopic -> Publication.NOT_SENT;
            case SerializationException broken -> Publication.NOT_SENT;
            default -> hasNoPartition ? Publication.NOT_SENT : Publication.IN_DOUBT;
        };
    }

    /** Callers get 503; the operator gets a line, by operation and topic. */
    private void note(String topic, @Nullable Exception failure) {
        if (failure == null) {
            TroubleLog before = troubles.get(topic);
            if (before != null) {
                before.succeeded();
            }
            return;
        }
        Exception cause = failure instanceof AuthorizationException denied
                ? MissingRightException.of(MissingRightException.Operation.WRITE, denied)
                : failure;
        long grace = Absence.causes(cause) ? TroubleLog.KNOWN_GRACE_NANOS : 0;
        troubles.computeIfAbsent(topic, name -> new TroubleLog(LOG, "Topic " + name, grace))
                .failed("records cannot be published, and callers get 503", cause);
    }

    @Override
    public void close() {
        producers.close();
    }

    static Map<String, Object> properties(Settings settings) {
        Map<String, Object> config = new HashMap<>();
        config.put(ProducerConfig.ACKS_CONFIG, "all");
        config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        config.put(ProducerConfig.BATCH_SIZE_CONFIG, BATCH_BYTES);
        config.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, settings.maxRecordBytes());
        // Kafka's default of 32 MiB would refuse a larger record for ever.
        config.put(ProducerConfig.BUFFER_MEMORY_CONFIG, Math.max(settings.maxBytes(), settings.maxRecordBytes()));
        // Event loops send. Without metadata, or without room in the buffer, a send fails at once instead of waiting.
        config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 0);
        // So a producer may forget its view of the cluster, and find the brokers again under other addresses.
        config.put(CommonClientConfigs.METADATA_RECOVERY_STRATEGY_CONFIG, MetadataRecoveryStrategy.REBOOTSTRAP.name);
        // When Kafka is out of reach, callers get 503 within two seconds.
        config.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 1500);
        config.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 1900);
        // If the metadata of an idle topic were dropped, the next send would fail.
        config.put(ProducerConfig.METADATA_MAX_IDLE_CONFIG, Duration.ofDays(7).toMillis());
        return config;
    }
}
