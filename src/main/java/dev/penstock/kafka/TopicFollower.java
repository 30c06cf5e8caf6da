package dev.penstock.kafka;

import dev.penstock.threads.Fault;
import dev.penstock.threads.ServiceThread;
import dev.penstock.threads.TroubleLog;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.WakeupException;
import org.jboss.logging.Logger;

/**
 * A thread that reads assigned partitions, without a group, and passes each record to a listener. Broker trouble is retried until the
 * follower is closed. A record on which the listener fails is logged and skipped; the rest of the poll is still delivered.
 */
public final class TopicFollower implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(TopicFollower.class);

    private final String name;
    private final Consumer<byte[], byte[]> consumer;
    private final Listener listener;
    private final ServiceThread thread;
    private final TroubleLog skipped;
    private final CountDownLatch assigned = new CountDownLatch(1);

    /** Receives the records. All calls come from the follower's thread, and should not block: later records wait. */
    public interface Listener {
        /** Assigns the consumer and seeks to where reading begins. Called again after an exception that may pass. */
        void assign(Consumer<byte[], byte[]> consumer);

        void received(ConsumerRecord<byte[], byte[]> record);
    }

    /**
     * Starts the thread.
     *
     * @param consequence a sentence for the log: what does not work once this thread has failed
     */
    public TopicFollower(
            String name,
            String consequence,
            java.util.function.Consumer<? super Fault> faults,
            Consumer<byte[], byte[]> consumer,
            Listener listener) {
        this.name = name;
        this.consumer = consumer;
        this.listener = listener;
        this.skipped = new TroubleLog(LOG, name);
        this.thread = new ServiceThread(name, consequence, faults, new Follow()).start();
    }

    /** Waits until records published from now on will be received; false when the time is over first. */
    public boolean awaitAssigned(Duration atMost) throws InterruptedException {
        return assigned.await(atMost.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Whether records published from now on will be received: partitions are assigned and the thread has not failed. */
    public boolean isFollowing() {
        return isAssigned() && thread.isSound();
    }

    private boolean isAssigned() {
        return assigned.getCount() == 0;
    }

    @Override
    public void close() {
        thread.close();
    }

    private final class Follow implements ServiceThread.Duty {
        @Override
        public void turn() {
            try {
                if (!isAssigned()) {
                    begin();
                }
                consumer.poll(Duration.ofSeconds(1)).forEach(this::deliver);
            } catch (WakeupException stopping) {
                LOG.debugf("%s: woken to stop", name);
            } catch (AuthorizationException denied) {
                throw MissingRightException.of(MissingRightException.Operation.READ, denied);
            }
        }

        private void begin() {
            listener.assign(consumer);
            for (var partition : consumer.assignment()) {
                consumer.position(partition);
            }
            assigned.countDown();
        }

        private void deliver(ConsumerRecord<byte[], byte[]> record) {
            try {
                listener.received(record);
                skipped.succeeded();
            } catch (RuntimeException failure) {
                skipped.failed(
                        record.topic() + "-" + record.partition() + "@" + record.offset()
                                + " could not be processed and is skipped",
                        failure);
            }
        }

        @Override
        public boolean isTransient(Exception failure) {
            return failure instanceof KafkaException;
        }

        @Override
        public boolean isKnown(Exception failure) {
            return Absence.causes(failure);
        }

        @Override
        public void interrupt(Thread self) {
            consumer.wakeup();
        }

        @Override
        public void release() {
            consumer.close();
        }
    }
}
