package dev.penstock.ingress.submit;

import dev.penstock.kafka.KafkaClients;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.Lane;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;

/**
 * Puts requests on Kafka without ever blocking the caller for long: it sends only to topics whose metadata it has, and only while its
 * bytes on the way are within bounds. Gathering pays when busy and costs when idle, so there are two producers: one has a request on its
 * way to a broker at a time, which goes at once, and what comes meanwhile goes with the next; what has a queue before it, in which it
 * would wait much longer anyway, goes by the other and gathers for the queued linger. The order between requests carries no meaning.
 * Thread-safe.
 */
public final class Publisher implements AutoCloseable {
    /** A queue is long when gathering in front of it takes no more than a fifth of the wait in it: the prediction is not exact. */
    private static final int LONG_QUEUE_IN_LINGERS = 5;

    /** Records of one batch go to one partition, and so to one worker: more would keep one busy while others idle. */
    private static final int BATCH_BYTES = 32 * 1024;

    private final KafkaProducer<byte[], byte[]> prompt;
    private final KafkaProducer<byte[], byte[]> queued;
    private final long queueNanos;
    private final long maxBytes;
    private final AtomicLong bytesInFlight = new AtomicLong();
    private final Set<String> known = ConcurrentHashMap.newKeySet();

    /** Why a record was not published, or may not have been. */
    public enum Failure {
        /** It was never sent. */
        REFUSED,
        /** It was sent, and no acknowledgement came. */
        UNKNOWN_FATE
    }

    /**
     * How records are sent.
     *
     * @param maxBytes of records that may be on their way to Kafka at once
     * @param queuedLinger how long records gather that have a long queue before them
     * @param maxRecordBytes of one record, headers included
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

    /** Fetches the metadata of a topic, so that it can be published to. Blocks; not for event loops. */
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
     * Sends.
     *
     * @param waitNanos how long the record is expected to wait in the queue that it goes to
     * @param acknowledged called once the broker has it
     * @param failed called otherwise; either may be called before this returns, or later from another thread
     */
    public void publish(
            ProducerRecord<byte[], byte[]> record, long waitNanos, Runnable acknowledged, Consumer<Failure> failed) {
        int bytes = record.value().length;
        if (!known.contains(record.topic()) || bytesInFlight.get() + bytes > maxBytes) {
            failed.accept(Failure.REFUSED);
            return;
        }
        bytesInFlight.addAndGet(bytes);
        KafkaProducer<byte[], byte[]> producer = waitNanos > queueNanos ? queued : prompt;
        try {
            producer.send(record, (metadata, failure) -> {
                bytesInFlight.addAndGet(-bytes);
                if (failure == null) {
                    acknowledged.run();
                } else {
                    failed.accept(
                            metadata != null && metadata.partition() < 0 ? Failure.REFUSED : Failure.UNKNOWN_FATE);
                }
            });
        } catch (KafkaException notSent) {
            bytesInFlight.addAndGet(-bytes);
            failed.accept(Failure.REFUSED);
        }
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
        // Kafka out of reach is a 503 within two seconds, not a caller that hangs.
        config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 1000);
        config.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 1500);
        config.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 1900);
        // A topic whose metadata was dropped for idleness would block the next send.
        config.put(ProducerConfig.METADATA_MAX_IDLE_CONFIG, Duration.ofDays(7).toMillis());
        return config;
    }
}
