package dev.penstock.kafka;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.WakeupException;
import org.jboss.logging.Logger;

/**
 * A thread that takes a topic's records into a store, as a member of a group, and commits once the store has them. While the store is away
 * the topic holds them, and they are read again when it is back. Goes on through broker trouble until closed.
 */
public final class TopicRecorder implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(TopicRecorder.class);
    private static final Duration STORE_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration PAUSE = Duration.ofMillis(500);

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final String topic;
    private final Store store;
    private final Thread thread;
    private volatile boolean closing;

    /** Where records go. All calls come from the recorder's thread. */
    public interface Store {
        /** @return completes when it has them all, and fails when it may not: it is given the same again, so that twice must be as good as once */
        CompletionStage<?> store(List<ConsumerRecord<byte[], byte[]>> records);
    }

    /** @param consumer of the group; it commits nothing by itself */
    public TopicRecorder(String name, KafkaConsumer<byte[], byte[]> consumer, String topic, Store store) {
        this.consumer = consumer;
        this.topic = topic;
        this.store = store;
        this.thread = Thread.ofPlatform().name(name).daemon().start(this::run);
    }

    private void run() {
        try (consumer) {
            consumer.subscribe(List.of(topic));
            while (!closing) {
                try {
                    record(consumer.poll(Duration.ofSeconds(1)));
                } catch (WakeupException closed) {
                    return;
                } catch (CommitFailedException | RebalanceInProgressException moved) {
                    LOG.debugf(moved, "Partitions of %s moved before the commit; another records them again", topic);
                } catch (KafkaException trouble) {
                    LOG.warnf(trouble, "%s: trouble with the broker; going on", thread.getName());
                    TimeUnit.MILLISECONDS.sleep(PAUSE.toMillis());
                }
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    private void record(ConsumerRecords<byte[], byte[]> polled) throws InterruptedException {
        if (polled.isEmpty()) {
            return;
        }
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>(polled.count());
        polled.forEach(records::add);
        try {
            store.store(records).toCompletableFuture().get(STORE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
            consumer.commitSync();
        } catch (ExecutionException | TimeoutException trouble) {
            LOG.warnf(
                    "%d records of %s were not stored (%s); they stay there and are read again",
                    records.size(), topic, trouble);
            polled.partitions()
                    .forEach(partition -> consumer.seek(
                            partition, polled.records(partition).getFirst().offset()));
            TimeUnit.MILLISECONDS.sleep(PAUSE.toMillis());
        }
    }

    @Override
    public void close() {
        closing = true;
        consumer.wakeup();
        try {
            thread.join(Duration.ofSeconds(5));
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }
}
