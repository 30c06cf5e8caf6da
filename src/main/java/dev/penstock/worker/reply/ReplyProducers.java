package dev.penstock.worker.reply;

import dev.penstock.kafka.GroupedProducer;
import dev.penstock.kafka.KafkaClients;
import dev.penstock.messages.Topics;
import dev.penstock.threads.Fault;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;

/**
 * The producers of a worker. Topics that may be gone have one of their own, so that trouble with them delays no reply of ours. Neither
 * ever blocks: their {@code max.block.ms} is 0.
 *
 * @param ours writes to {@code penstock.replies} and {@code penstock.results}
 * @param others writes to all other reply topics, and to the dead letters
 */
public record ReplyProducers(GroupedProducer ours, Producer<byte[], byte[]> others) implements AutoCloseable {
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

    /** A topic may be gone: what is for it is sent no longer than this before somebody asks. */
    private static final Duration OTHERS_TIMEOUT = Duration.ofSeconds(10);

    /** Holds a batch of long answers, such as 24 KiB for the vectors of each text. The buffer holds those that wait for the broker. */
    private static final int BATCH_BYTES = 512 * 1024;

    /** Replies that go together are flushed, so none waits this long. */
    private static final Duration LINGER = Duration.ofMillis(5);

    private static final long BUFFER_BYTES = 64 * 1024 * 1024;

    /** @param maxRecordBytes the largest record that is sent */
    public static ReplyProducers open(KafkaClients kafka, int maxRecordBytes, Consumer<? super Fault> faults) {
        return open(kafka, maxRecordBytes, OTHERS_TIMEOUT, faults);
    }

    static ReplyProducers open(
            KafkaClients kafka, int maxRecordBytes, Duration othersTimeout, Consumer<? super Fault> faults) {
        Map<String, Object> settings = settings(maxRecordBytes);
        GroupedProducer ours = GroupedProducer.open(kafka, settings, LINGER, faults);
        settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, millis(othersTimeout));
        settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, millis(othersTimeout.dividedBy(2)));
        return new ReplyProducers(ours, kafka.producer(settings));
    }

    /** Sends a batch's replies together. While one request to a broker is in flight, the replies of the next batch gather. */
    static Map<String, Object> settings(int maxRecordBytes) {
        Map<String, Object> settings = new HashMap<>();
        settings.put(ProducerConfig.ACKS_CONFIG, "all");
        settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        settings.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        settings.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
        settings.put(ProducerConfig.BATCH_SIZE_CONFIG, BATCH_BYTES);
        settings.put(ProducerConfig.BUFFER_MEMORY_CONFIG, Math.max(BUFFER_BYTES, maxRecordBytes));
        settings.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, maxRecordBytes);
        settings.put(ProducerConfig.METADATA_MAX_IDLE_CONFIG, Duration.ofDays(7).toMillis());
        settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 0);
        return settings;
    }

    private static int millis(Duration duration) {
        return Math.toIntExact(duration.toMillis());
    }

    /** Sends a record now. Fails as {@link Producer#send} does. */
    void send(Delivery.Kind kind, ProducerRecord<byte[], byte[]> record, Callback callback) {
        switch (kind) {
            case OUR_REPLY -> ours.send(record, callback);
            case OTHERS_REPLY, DEAD_LETTER -> others.send(record, callback);
        }
    }

    /** Runs {@code sends}, which sends so many replies of ours, and lets them go to Kafka together. */
    void together(int records, Runnable sends) {
        ours.together(records, sends);
    }

    /** Lets the producer of a reply topic fetch its metadata, so that the first reply need not wait for it. Does not wait. */
    void prepare(String replyTopic) {
        if (Topics.isOurReplyTopic(replyTopic)) {
            prepare(ours.prompt(), replyTopic);
            prepare(ours.lingering(), replyTopic);
        } else {
            prepare(others, replyTopic);
        }
    }

    void prepareDeadLetters(String model) {
        prepare(others, Topics.deadLetters(model));
    }

    /** What is sent goes first; what cannot be delivered keeps ours waiting no longer than needed. */
    @Override
    public void close() {
        ours.close(CLOSE_TIMEOUT);
        others.close(Duration.ZERO);
    }

    private static void prepare(Producer<byte[], byte[]> producer, String topic) {
        try {
            producer.partitionsFor(topic);
        } catch (KafkaException notYet) {
            // The producer has asked for it.
        }
    }
}
