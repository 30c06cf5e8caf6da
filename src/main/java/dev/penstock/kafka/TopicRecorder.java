package dev.penstock.kafka;

import dev.penstock.threads.Fault;
import dev.penstock.threads.ServiceThread;
import dev.penstock.threads.TroubleLog;
import dev.penstock.threads.Unquoted;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.WakeupException;
import org.jboss.logging.Logger;

/**
 * A thread that copies a topic's records into a store, as a member of a group, and commits once the store has them. While the store is
 * away the topic keeps them, and they are read again later. Broker trouble is retried until the recorder is closed.
 */
public final class TopicRecorder implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(TopicRecorder.class);
    private static final Duration STORE_TIMEOUT = Duration.ofSeconds(5);

    /** Leaving the group needs a broker, which may be away. */
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

    private final String name;
    private final Consumer<byte[], byte[]> consumer;
    private final String topic;
    private final Store store;
    private final TroubleLog skipped;
    private final ServiceThread thread;

    /** The destination. All calls come from the recorder's thread. */
    public interface Store {
        /**
         * Stores the records. The same records may come again, so storing twice must equal storing once.
         *
         * @return completes once all are stored; fails when they have to come again
         */
        CompletionStage<?> store(List<ConsumerRecord<byte[], byte[]>> records);
    }

    /**
     * Starts the thread.
     *
     * @param consequence a sentence for the log: what does not work once this thread has failed
     * @param consumer a member of the group; it must not commit by itself
     */
    public TopicRecorder(
            String name,
            String consequence,
            java.util.function.Consumer<? super Fault> faults,
            Consumer<byte[], byte[]> consumer,
            String topic,
            Store store) {
        this.name = name;
        this.consumer = consumer;
        this.topic = topic;
        this.store = store;
        this.skipped = new TroubleLog(LOG, name);
        consumer.subscribe(List.of(topic));
        this.thread = new ServiceThread(name, consequence, faults, new Recording()).start();
    }

    @Override
    public void close() {
        thread.close();
    }

    private final class Recording implements ServiceThread.Duty {
        /** Whether the store failed when it was last given something. */
        private boolean isStoreAway;

        @Override
        public void turn() throws InterruptedException, ExecutionException, TimeoutException {
            try {
                record(poll());
            } catch (WakeupException stopping) {
                LOG.debugf("%s: woken to stop", name);
            } catch (AuthorizationException denied) {
                throw MissingRightException.of(MissingRightException.Operation.READ, denied);
            } catch (CommitFailedException | RebalanceInProgressException moved) {
                LOG.debugf(moved, "Partitions of %s moved before the commit; another member records them again", topic);
            }
        }

        /** A turn without records would count as a success of the store, and the log would say that it works again. */
        private ConsumerRecords<byte[], byte[]> poll() {
            ConsumerRecords<byte[], byte[]> polled;
            do {
                polled = consumer.poll(Duration.ofSeconds(1));
            } while (polled.isEmpty() && isStoreAway);
            return polled;
        }

        private void record(ConsumerRecords<byte[], byte[]> polled)
                throws InterruptedException, ExecutionException, TimeoutException {
            if (polled.isEmpty()) {
                return;
            }
            List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>(polled.count());
            polled.forEach(records::add);
            try {
                stored(records).get(STORE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
                isStoreAway = false;
            } catch (ExecutionException | TimeoutException notStored) {
                isStoreAway = true;
                readAgain(polled);
                throw notStored;
            }
            consumer.commitSync();
        }

        /** A bug that one record provokes must not keep the others from the store: after a failure each goes alone. */
        private CompletableFuture<?> stored(List<ConsumerRecord<byte[], byte[]>> records) {
            try {
                return store.store(records).toCompletableFuture();
            } catch (RuntimeException bug) {
                LOG.debugf(Unquoted.of(bug), "%s: storing %d records one by one", topic, records.size());
                return CompletableFuture.allOf(
                        records.stream().map(this::storedAlone).toArray(CompletableFuture[]::new));
            }
        }

        private CompletableFuture<?> storedAlone(ConsumerRecord<byte[], byte[]> record) {
            try {
                return store.store(List.of(record)).toCompletableFuture();
            } catch (RuntimeException bug) {
                skipped.failed(
                        record.topic() + "-" + record.partition() + "@" + record.offset()
                                + " could not be stored and is skipped",
                        Unquoted.of(bug));
                return CompletableFuture.completedFuture(null);
            }
        }

        private void readAgain(ConsumerRecords<byte[], byte[]> polled) {
            for (var partition : polled.partitions()) {
                consumer.seek(partition, polled.records(partition).getFirst().offset());
            }
        }

        /** Also a store that does not answer: its records stay in the topic. */
        @Override
        public boolean isTransient(Exception failure) {
            return failure instanceof KafkaException
                    || failure instanceof ExecutionException
                    || failure instanceof TimeoutException;
        }

        @Override
        public boolean isKnown(Exception failure) {
            return failure instanceof KafkaException && Absence.causes(failure);
        }

        @Override
        public void interrupt(Thread self) {
            consumer.wakeup();
        }

        @Override
        public void release() {
            consumer.close(CloseOptions.timeout(CLOSE_TIMEOUT));
        }
    }
}
