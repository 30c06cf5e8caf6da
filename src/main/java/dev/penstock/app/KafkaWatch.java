package dev.penstock.app;

import dev.penstock.kafka.Connection;
import dev.penstock.kafka.KafkaClients;
import dev.penstock.threads.Fault;
import dev.penstock.threads.ServiceThread;
import dev.penstock.threads.TroubleLog;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.jboss.logging.Logger;

/**
 * Asks Kafka every second whether it answers, since consumers that wait for records do not notice a lost broker. Logs an outage for the
 * whole process. Runs a thread.
 */
final class KafkaWatch implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(KafkaWatch.class);
    private static final long INTERVAL_MILLIS = 1000;

    /** An election of a leader passes within this time. */
    private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(2);

    private static final DescribeClusterOptions PATIENCE = new DescribeClusterOptions().timeoutMs(2000);

    private final Admin admin;
    private final Duration lostAfter;
    private final ServiceThread thread;
    private volatile long answeredNanos = System.nanoTime();
    private volatile boolean answers = true;
    private final TroubleLog trouble = new TroubleLog(LOG, "Kafka", GRACE_NANOS);

    /** @param lostAfter a shorter silence is no reason to send callers elsewhere */
    KafkaWatch(KafkaClients kafka, Duration lostAfter, Consumer<? super Fault> faults) {
        this.admin = kafka.admin();
        this.lostAfter = lostAfter;
        this.thread = new ServiceThread(
                        "penstock-kafka-watch",
                        "Readiness no longer notices whether Kafka answers.",
                        faults,
                        new Watch())
                .start();
    }

    /** How long Kafka has not answered, once that is longer than {@code lostAfter}. */
    Optional<Duration> lostFor() {
        Duration silence = Duration.ofNanos(System.nanoTime() - answeredNanos);
        return silence.compareTo(lostAfter) > 0 ? Optional.of(silence) : Optional.empty();
    }

    /** Whether Kafka answered the last question. */
    boolean answers() {
        return answers;
    }

    private void ask() throws InterruptedException {
        try {
            admin.describeCluster(PATIENCE).nodes().get();
            answeredNanos = System.nanoTime();
            answers = true;
            trouble.succeeded();
        } catch (ExecutionException silent) {
            answers = false;
            trouble.failed(
                    Connection.refusal(silent)
                            .orElse("does not answer; requests are refused, and what is accepted waits"),
                    silent.getCause() == null ? silent : silent.getCause());
        }
    }

    @Override
    public void close() {
        thread.close();
    }

    private final class Watch implements ServiceThread.Duty {
        @Override
        public void turn() throws InterruptedException {
            ask();
            TimeUnit.MILLISECONDS.sleep(INTERVAL_MILLIS);
        }

        @Override
        public void release() {
            admin.close(Duration.ZERO); // what it still asks nobody waits for
        }
    }
}
