package dev.penstock.worker.reply;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.kafka.Absence;
import dev.penstock.kafka.BrokerClock;
import dev.penstock.messages.Announcement;
import dev.penstock.messages.ModelStatus;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.Lane;
import dev.penstock.threads.Fault;
import dev.penstock.threads.ServiceThread;
import dev.penstock.threads.TroubleLog;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RetriableException;
import org.jboss.logging.Logger;

/**
 * Announces every few seconds what this worker serves, and says every minute what it does not serve, and why. Measures the broker's clock by
 * the acknowledgements. Runs a thread. Thread-safe.
 */
public final class Announcer implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Announcer.class);
    private static final Duration FIRST_TIMEOUT = Duration.ofSeconds(30);
    private static final long RETRY_MILLIS = 20;

    /** Well within the time after which ingresses forget what was said. */
    private static final long TELL_AGAIN_NANOS = Duration.ofMinutes(1).toNanos();

    private final Producer<byte[], byte[]> producer;
    private final BrokerClock brokerClock;
    private final Map<String, Announcement> announcements = new ConcurrentHashMap<>();
    private final Map<String, Map<Lane, List<Integer>>> partitions = new ConcurrentHashMap<>();
    private final Map<String, ModelStatus> statuses = new ConcurrentHashMap<>();

    /** The keys of statuses that the broker does not have yet. */
    private final Set<String> untold = ConcurrentHashMap.newKeySet();

    private final Set<String> stopped = ConcurrentHashMap.newKeySet();
    private final Semaphore reassigned = new Semaphore(0);
    private final TroubleLog trouble =
            new TroubleLog(LOG, "Announcements of this worker's models", TroubleLog.KNOWN_GRACE_NANOS);
    private final ServiceThread heartbeat;

    /** @param interval of the heartbeat */
    public Announcer(
            Producer<byte[], byte[]> producer,
            BrokerClock brokerClock,
            Duration interval,
            Consumer<? super Fault> faults) {
        this.producer = producer;
        this.brokerClock = brokerClock;
        this.heartbeat = new ServiceThread(
                        "penstock-announcer",
                        "Ingresses take this worker for dead, and send or refuse its requests accordingly.",
                        faults,
                        new Heartbeat(interval))
                .start();
    }

    /**
     * Announces this from now on, and waits until the broker has it.
     *
     * @throws ExecutionException when the broker rejects it
     * @throws TimeoutException when the broker is out of reach
     */
    public void announce(Announcement served) throws ExecutionException, InterruptedException, TimeoutException {
        Announcement announcement = stopped.contains(served.model()) ? served.notReady() : served;
        announcements.put(announcement.key(), announcement);
        long until = System.nanoTime() + FIRST_TIMEOUT.toNanos();
        while (true) {
            try {
                send(announcement).get(FIRST_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
                return;
            } catch (ExecutionException failed) {
                // The producer does not wait for the topic's metadata.
                boolean isWorthATry = failed.getCause() instanceof RetriableException && System.nanoTime() < until;
                if (!isWorthATry) {
                    throw failed;
                }
                TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
            }
        }
    }

    /** This worker reads these partitions of a model from now on. Announced soon, by the heartbeat's thread; never blocks. */
    public void reads(String model, Map<Lane, List<Integer>> assigned) {
        partitions.put(model, assigned);
        reassigned.release();
    }

    /** The model is not ready from now on, whatever is announced of it later. Never blocks. */
    public void stop(String model) {
        stopped.add(model);
        announcements.replaceAll(
                (key, announcement) -> announcement.model().equals(model) ? announcement.notReady() : announcement);
        announcements.values().stream()
                .filter(announcement -> announcement.model().equals(model))
                .forEach(this::send);
    }

    /** Says this of a model from now on. Never blocks: what the broker does not take now, the heartbeat sends again. */
    public void tell(ModelStatus status) {
        if (!status.equals(statuses.put(status.key(), status))) {
            send(status);
        }
    }

    /** Says it no longer. */
    public void takeBack(ModelStatus status) {
        if (statuses.remove(status.key()) != null) {
            untold.remove(status.key());
            delete(status.key());
        }
    }

    /** Ends the heartbeat, then announces each model once more as not ready. */
    public void withdraw() {
        heartbeat.close();
        statuses.keySet().forEach(this::delete);
        statuses.clear();
        announcements.values().forEach(announcement -> send(announcement.notReady()));
        announcements.clear();
    }

    @Override
    public void close() {
        heartbeat.close();
    }

    private Future<RecordMetadata> send(Announcement served) {
        Map<Lane, List<Integer>> assigned = partitions.get(served.model());
        Announcement announcement = assigned == null ? served : served.reading(assigned);
        long sentMillis = System.currentTimeMillis();
        return producer.send(
                new ProducerRecord<>(Topics.MODELS, announcement.key().getBytes(UTF_8), announcement.toJson()),
                (metadata, failure) -> {
                    if (failure == null) {
                        brokerClock.observe(sentMillis, metadata.timestamp(), System.currentTimeMillis());
                        trouble.succeeded();
                    } else {
                        trouble.failed(announcement.key() + " could not be announced; trying again", failure);
                    }
                });
    }

    private void send(ModelStatus status) {
        untold.add(status.key());
        producer.send(
                new ProducerRecord<>(Topics.MODELS, status.key().getBytes(UTF_8), status.toJson()),
                (metadata, failure) -> {
                    if (failure == null) {
                        untold.remove(status.key());
                    }
                });
    }

    private void delete(String key) {
        producer.send(new ProducerRecord<>(Topics.MODELS, key.getBytes(UTF_8), null));
    }

    private final class Heartbeat implements ServiceThread.Duty {
        private final Duration interval;
        private long toldNanos = System.nanoTime();

        private Heartbeat(Duration interval) {
            this.interval = interval;
        }

        @Override
        public void turn() throws InterruptedException {
            if (reassigned.tryAcquire(interval.toNanos(), TimeUnit.NANOSECONDS)) {
                reassigned.drainPermits();
            }
            announcements.values().forEach(Announcer.this::send);
            boolean tellsAll = System.nanoTime() - toldNanos >= TELL_AGAIN_NANOS;
            toldNanos = tellsAll ? System.nanoTime() : toldNanos;
            statuses.values().stream()
                    .filter(status -> tellsAll || untold.contains(status.key()))
                    .forEach(Announcer.this::send);
        }

        @Override
        public boolean isTransient(Exception failure) {
            return failure instanceof KafkaException;
        }

        @Override
        public boolean isKnown(Exception failure) {
            return Absence.causes(failure);
        }
    }
}
