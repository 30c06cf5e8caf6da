package dev.penstock.ingress.submit;

import dev.penstock.kafka.KafkaClients;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.Lane;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/**
 * Publishes records to Kafka without blocking an event loop: it sends only to topics whose metadata it has, and only while the bytes in
 * flight are within their limit. Thread-safe.
 *
 * <p>Batching pays under load and costs when idle, so there are two producers. The prompt one sends a record at once if none is in flight
 * to that broker; records that arrive meanwhile go together with the next. The queued one lingers. It takes records that would wait much
 * longer than that in the queue of their model anyway. The order between requests carries no meaning.
 */
public final class Publisher implements AutoCloseable {
    /** A queue is long when its predicted wait is at least this many times the linger. The prediction is not exact. */
    private static final int LONG_QUEUE_IN_LINGERS = 5;

    /** A batch goes to one partition, and so to one worker. Larger batches would keep one worker busy while others idle. */
    private static final int BATCH_BYTES = 32 * 1024;

    private final KafkaProducer<byte[], byte[]> prompt;
    private final KafkaProducer<byte[], byte[]> queued;
    private final long queueNanos;
    private final long maxBytes;
    private final AtomicLong bytesInFlight = new AtomicLong();
    private final Set<String> known = ConcurrentHashMap.newKeySet();

    /**
     * How records are sent.
     *
     * @param maxBytes the most bytes in flight to Kafka
     * @param queuedLinger how long the queued producer lingers
     * @param maxRecordBytes the most bytes of one record, headers included
     */
    public record Settings(long maxBytes, Duration queuedLinger, int maxRecordBytes) {}

    public Publisher(KafkaClients kafka, Settings settings) {
        this.maxBytes = settings.maxBytes();
        Map<String, Object> prompt = properties(settings.maxRecordBytes());
        prompt.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        prompt.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
        this.prompt = kafka.producer(prompt);
        Map<String, Object> queued = properties(settings.maxRecordBytes());
        queued.put(ProducerConfig.LINGER_MS_CONFIG, settings.queuedLinger().toMillis());
        this.queued = kafka.producer(queued);
        this.queueNanos = LONG_QUEUE_IN_LINGERS * settings.queuedLinger().toNanos();
    }

    /** Fetches the metadata of a topic, which must happen before records are published to it. Blocks: not for event loops. */
    public void prepare(String topic) {
        if (!known.contains(topic)) {
            prompt.partitionsFor(topic);
            queued.partitionsFor(topic);
            known.add(topic);
        }
    }

    public void prepareModel(String model) {
        for (Lane lane : Lane.values()) {
            prepare(Topics.requests(model, lane));
        }
    }

    /**
     * Sends a record. Never fails and never blocks; completes on the producer's thread, or at once when nothing was sent.
     *
     * @param waitNanos how long the record is expected to wait in the queue that it goes to
     */
    public CompletableFuture<Publication> publish(ProducerRecord<byte[], byte[]> record, long waitNanos) {
        return publish(record, waitNanos, metadata -> {});
    }

    /** @param acknowledged hears where the record is in the log, on the producer's thread */
    CompletableFuture<Publication> publish(
            ProducerRecord<byte[], byte[]> record, long waitNanos, Consumer<RecordMetadata> acknowledged) {
        int bytes = record.value().length;
        if (!known.contains(record.topic()) || bytesInFlight.get() + bytes > maxBytes) {
            return CompletableFuture.completedFuture(Publication.NOT_SENT);
        }
        bytesInFlight.addAndGet(bytes);
        KafkaProducer<byte[], byte[]> producer = waitNanos > queueNanos ? queued : prompt;
        CompletableFuture<Publication> publication = new CompletableFuture<>();
        try {
            producer.send(record, (metadata, failure) -> {
                bytesInFlight.addAndGet(-bytes);
                if (failure == null) {
                    acknowledged.accept(metadata);
                }
                publication.complete(publication(metadata, failure));
            });
        } catch (KafkaException notSent) {
            bytesInFlight.addAndGet(-bytes);
            publication.complete(Publication.NOT_SENT);
        }
        return publication;
    }

    /** A record that failed before it had a partition was never sent. */
    private static Publication publication(@Nullable RecordMetadata metadata, @Nullable Exception failure) {
        if (failure == null) {
            return Publication.ACKNOWLEDGED;
        }
        return metadata != null && metadata.partition() < 0 ? Publication.NOT_SENT : Publication.IN_DOUBT;
    }

    @Override
    public void close() {
        prompt.close(Duration.ofSeconds(5));
        queued.close(Duration.ofSeconds(5));
    }

    private static Map<String, Object> properties(int maxRecordBytes) {
        Map<String, Object> config = new HashMap<>();
        config.put(ProducerConfig.ACKS_CONFIG, "all");
        config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        config.put(ProducerConfig.BATCH_SIZE_CONFIG, BATCH_BYTES);
        config.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, maxRecordBytes);
        // When Kafka is out of reach, callers get 503 within two seconds.
        config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 1000);
        config.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 1500);
        config.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 1900);
        // If the metadata of an idle topic were dropped, the next send would block.
        config.put(ProducerConfig.METADATA_MAX_IDLE_CONFIG, Duration.ofDays(7).toMillis());
        return config;
    }
}
