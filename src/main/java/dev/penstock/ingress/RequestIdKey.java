package dev.penstock.ingress;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.kafka.KafkaClients;
import dev.penstock.messages.Topics;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/**
 * The secret that signs request ids, the same at all ingresses. Unless it is configured, it is on the compacted topic {@code penstock.keys}:
 * an ingress that finds none there adds a candidate under a record key of its own, and the first candidate counts. So ingresses that start
 * together agree, and compaction removes none.
 */
final class RequestIdKey {
    private static final TopicPartition PARTITION = new TopicPartition(Topics.KEYS, 0);
    private static final int BYTES = 32;
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final Duration POLL = Duration.ofSeconds(1);
    private static final int MAX_POLLS = 10;

    private static final String CURE = Topics.KEYS
            + " holds the secret that signs request ids. See that Kafka answers, and that the topic exists and this"
            + " ingress may read and write it; or set penstock.ingress.request-id-key";

    private RequestIdKey() {}

    /**
     * The configured secret, or the first candidate in Kafka. Blocks.
     *
     * @throws ExecutionException when no secret is configured and Kafka refuses
     * @throws TimeoutException when no secret is configured and Kafka does not answer
     */
    static byte[] of(Optional<String> configured, KafkaClients kafka)
            throws ExecutionException, InterruptedException, TimeoutException {
        if (configured.isPresent()) {
            return configured.get().getBytes(UTF_8);
        }
        try (Consumer<byte[], byte[]> consumer = kafka.searcher(Map.of(
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest", ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int)
                        TIMEOUT.toMillis()))) {
            consumer.assign(List.of(PARTITION));
            Optional<byte[]> known = first(consumer);
            if (known.isEmpty()) {
                addCandidate(kafka);
                known = first(consumer);
            }
            return known.orElseThrow(() -> new TimeoutException("the secret was written and cannot be read. " + CURE));
        } catch (org.apache.kafka.common.errors.TimeoutException silent) {
            throw (TimeoutException)
                    new TimeoutException("Kafka does not answer (%s). %s".formatted(silent.getMessage(), CURE))
                            .initCause(silent);
        } catch (KafkaException refused) {
            throw new ExecutionException("Kafka refuses (%s). %s".formatted(refused.getMessage(), CURE), refused);
        }
    }

    /** The candidate with the lowest offset; empty when there is none up to the end of the topic. */
    private static Optional<byte[]> first(Consumer<byte[], byte[]> consumer) throws TimeoutException {
        consumer.seekToBeginning(List.of(PARTITION));
        long end = consumer.endOffsets(List.of(PARTITION)).getOrDefault(PARTITION, 0L);
        for (int polls = 0; consumer.position(PARTITION) < end; polls++) {
            if (polls == MAX_POLLS) {
                throw new TimeoutException("Kafka does not deliver the secret. " + CURE);
            }
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                if (record.value() != null && record.value().length == BYTES) {
                    return Optional.of(record.value());
                }
            }
        }
        return Optional.empty();
    }

    private static void addCandidate(KafkaClients kafka)
            throws ExecutionException, InterruptedException, TimeoutException {
        byte[] candidate = new byte[BYTES];
        new SecureRandom().nextBytes(candidate);
        try (Producer<byte[], byte[]> producer = kafka.producer(
                Map.of(ProducerConfig.ACKS_CONFIG, "all", ProducerConfig.MAX_BLOCK_MS_CONFIG, TIMEOUT.toMillis()))) {
            producer.send(new ProducerRecord<>(
                            Topics.KEYS, 0, UUID.randomUUID().toString().getBytes(UTF_8), candidate))
                    .get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        }
    }
}
