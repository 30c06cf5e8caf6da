package dev.penstock.kafka;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.WakeupException;
import org.jboss.logging.Logger;

/** A thread that reads assigned partitions, without a group, and hands on each record. Goes on through broker trouble until closed. */
public final class TopicFollower implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(TopicFollower.class);
    private static final long RETRY_MILLIS = 20;

    /** Trouble that stays, such as a missing permission, must not fill the log. */
    private static final long PAUSE_MILLIS = 500;

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Listener listener;
    private final Thread thread;
    private final CountDownLatch assigned = new CountDownLatch(1);
    private volatile boolean closing;

    /** Who follows. All calls come from the follower's thread. */
    public interface Listener {
        /** Assigns the consumer and puts it where reading begins. Called again when it throws what may pass. */
        void assign(KafkaConsumer<byte[], byte[]> consumer);

        void received(ConsumerRecord<byte[], byte[]> record);
    }

    public TopicFollower(String name, KafkaConsumer<byte[], byte[]> consumer, Listener listener) {
        this.consumer = consumer;
        this.listener = listener;
        this.thread = Thread.ofPlatform().name(name).daemon().start(this::run);
    }

    /** Waits until records published from now on will be received; false when the time is over first. */
    public boolean awaitAssigned(Duration atMost) throws InterruptedException {
        return assigned.await(atMost.toMillis(), TimeUnit.MILLISECONDS);
    }

    public boolean isAssigned() {
        return assigned.getCount() == 0;
    }

    private void run() {
        try (consumer) {
            while (!closing) {
                try {
                    if (!isAssigned()) {
                        begin();
                    }
                    consumer.poll(Duration.ofSeconds(1)).forEach(listener::received);
                } catch (WakeupException closed) {
                    return;
                } catch (RetriableException notYet) {
                    LOG.debugf(notYet, "%s: trouble with the broker; trying again", thread.getName());
                    TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
                } catch (KafkaException trouble) {
                    LOG.warnf(trouble, "%s: trouble with the broker; going on", thread.getName());
                    TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
                }
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    private void begin() {
        listener.assign(consumer);
        for (var partition : consumer.assignment()) {
            consumer.position(partition);
        }
        assigned.countDown();
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
