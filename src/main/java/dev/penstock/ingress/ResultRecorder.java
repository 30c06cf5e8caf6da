package dev.penstock.ingress;

import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Reply;
import dev.penstock.protocol.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
 * Takes outcomes of asynchronous requests from {@code penstock.results} into Redis, and commits once Redis has them. The ingresses
 * share the work as one group. While Redis is away the topic holds them, and they are read again when it is back.
 */
final class ResultRecorder implements AutoCloseable {
    static final String GROUP = "penstock.recorders";

    private static final Logger LOG = Logger.getLogger(ResultRecorder.class);
    private static final Duration STORE_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration PAUSE = Duration.ofMillis(500);

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final ResultStore store;
    private final Thread thread;
    private volatile boolean closing;

    ResultRecorder(KafkaConsumer<byte[], byte[]> consumer, ResultStore store) {
        this.consumer = consumer;
        this.store = store;
        this.thread = Thread.ofPlatform().name("penstock-recorder").daemon().start(this::run);
    }

    private void run() {
        try (consumer) {
            consumer.subscribe(List.of(Topics.RESULTS));
            while (!closing) {
                try {
                    record(consumer.poll(Duration.ofSeconds(1)));
                } catch (WakeupException closed) {
                    return;
                } catch (CommitFailedException | RebalanceInProgressException moved) {
                    LOG.debugf(
                            moved,
                            "Partitions of %s moved before the commit; another ingress records them again",
                            Topics.RESULTS);
                } catch (KafkaException trouble) {
                    LOG.warnf(trouble, "Trouble with the broker while recording outcomes; going on");
                }
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    private void record(ConsumerRecords<byte[], byte[]> records) throws InterruptedException {
        if (records.isEmpty()) {
            return;
        }
        List<Reply> replies = new ArrayList<>(records.count());
        for (ConsumerRecord<byte[], byte[]> record : records) {
            try {
                replies.add(Reply.read(record.headers(), record.value()));
            } catch (InvalidRequestException broken) {
                LOG.warnf(
                        "%s-%d@%d is no reply; skipped: %s",
                        record.topic(), record.partition(), record.offset(), broken.getMessage());
            }
        }
        try {
            store.store(replies)
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(STORE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
            consumer.commitSync();
        } catch (ExecutionException | TimeoutException redisTrouble) {
            LOG.warnf(
                    "Redis did not take %d outcomes (%s); they stay on %s and are read again",
                    replies.size(), redisTrouble, Topics.RESULTS);
            records.partitions()
                    .forEach(partition -> consumer.seek(
                            partition, records.records(partition).getFirst().offset()));
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
