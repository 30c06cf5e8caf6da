package dev.penstock.worker.reply;

import dev.penstock.messages.Topics;
import java.time.Duration;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.KafkaException;

/**
 * The producers of a worker. Other systems' topics have one of their own, so that trouble with theirs delays nothing of ours. Neither
 * ever blocks: their {@code max.block.ms} is 0.
 *
 * @param ours writes to {@code penstock.replies}, {@code penstock.results} and the dead letters
 * @param others writes to all other reply topics
 */
public record ReplyProducers(Producer<byte[], byte[]> ours, Producer<byte[], byte[]> others) implements AutoCloseable {
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);


    Producer<byte[], byte[]> of(Delivery.Kind kind) {
        return switch (kind) {
            case OUR_REPLY, DEAD_LETTER -> ours;
            case OTHERS_REPLY -> others;
        };
    }

    /** Lets the producer of a reply topic fetch its metadata, so that the first reply need not wait for it. Does not wait. */
    void prepare(String replyTopic) {
        prepare(Topics.isOurReplyTopic(replyTopic) ? ours : others, replyTopic);
    }

    void prepareDeadLetters(String model) {
        prepare(ours, Topics.deadLetters(model));
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
