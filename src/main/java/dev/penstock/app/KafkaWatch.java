package dev.penstock.app;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.jboss.logging.Logger;

/** Asks Kafka every second whether it is there: clients that wait for records do not tell. A thread of its own. */
final class KafkaWatch implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(KafkaWatch.class);
    private static final long INTERVAL_MILLIS = 1000;
    private static final DescribeClusterOptions PATIENCE = new DescribeClusterOptions().timeoutMs(2000);

    private final Admin admin;
    private final Duration lostAfter;
    private final Thread thread;
    private volatile long answeredNanos = System.nanoTime();
    private boolean lossIsTold;

    /**
     * @param kafka what all clients share: brokers and credentials
     * @param lostAfter silence up to this is short trouble, and no reason to send callers elsewhere
     */
    KafkaWatch(Map<String, Object> kafka, Duration lostAfter) {
        this.admin = Admin.create(kafka);
        this.lostAfter = lostAfter;
        this.thread = Thread.ofPlatform().name("penstock-kafka-watch").daemon().start(this::run);
    }

    /** How long Kafka has not answered, once that is too long. */
    Optional<Duration> lostFor() {
        Duration silence = Duration.ofNanos(System.nanoTime() - answeredNanos);
        return silence.compareTo(lostAfter) > 0 ? Optional.of(silence) : Optional.empty();
    }

    private void run() {
        try (admin) {
            while (true) {
                ask();
                TimeUnit.MILLISECONDS.sleep(INTERVAL_MILLIS);
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    private void ask() throws InterruptedException {
        try {
            admin.describeCluster(PATIENCE).nodes().get();
            lostFor().ifPresent(silence -> LOG.infof("Kafka answers again, after %d s", silence.toSeconds()));
            answeredNanos = System.nanoTime();
            lossIsTold = false;
        } catch (ExecutionException silent) {
            LOG.debugf(silent, "Kafka does not answer; asking again");
            if (lostFor().isPresent() && !lossIsTold) {
                lossIsTold = true;
                LOG.warnf(
                        "Kafka has not answered for %d s, and this process is not ready until it does: %s",
                        lostFor().get().toSeconds(), silent.getCause());
            }
        }
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join(Duration.ofSeconds(5));
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }
}
