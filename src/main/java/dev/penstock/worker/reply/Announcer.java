package dev.penstock.worker.reply;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.kafka.BrokerClock;
import dev.penstock.messages.Announcement;
import dev.penstock.messages.Topics;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.jboss.logging.Logger;

/** Says every few seconds what this worker serves, and learns the broker's clock from the acknowledgements. */
public final class Announcer implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Announcer.class);
    private static final Duration FIRST_WORD = Duration.ofSeconds(30);

    private final Producer<byte[], byte[]> producer;
    private final BrokerClock brokerClock;
    private final Map<String, Announcement> announcements = new ConcurrentHashMap<>();
    private final ScheduledExecutorService heartbeat = Executors.newSingleThreadScheduledExecutor(
            task -> Thread.ofPlatform().name("penstock-announcer").daemon().unstarted(task));

    public Announcer(Producer<byte[], byte[]> producer, BrokerClock brokerClock, Duration every) {
        this.producer = producer;
        this.brokerClock = brokerClock;
        heartbeat.scheduleAtFixedRate(this::sendAll, every.toMillis(), every.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Throws nothing: it would be the last heartbeat, and all requests would go to other workers, or be refused. */
    private void sendAll() {
        for (Announcement announcement : announcements.values()) {
            try {
                send(announcement);
            } catch (RuntimeException trouble) {
                LOG.warnf(trouble, "Could not announce %s", announcement.key());
            }
        }
    }

    /**
     * From now on says this, and waits until the broker has it.
     *
     * @throws ExecutionException when the broker refuses it
     * @throws TimeoutException when the broker is out of reach
     */
    public void announce(Announcement announcement) throws ExecutionException, InterruptedException, TimeoutException {
        announcements.put(announcement.key(), announcement);
        send(announcement).get(FIRST_WORD.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Says once more, of all, that they are not ready here; then no more. */
    public void withdraw() {
        heartbeat.shutdownNow();
        Collection<Announcement> last = announcements.values();
        last.forEach(announcement -> send(announcement.notReady()));
        announcements.clear();
    }

    @Override
    public void close() {
        heartbeat.shutdownNow();
    }

    private Future<RecordMetadata> send(Announcement announcement) {
        long sentMillis = System.currentTimeMillis();
        return producer.send(
                new ProducerRecord<>(Topics.MODELS, announcement.key().getBytes(UTF_8), announcement.toJson()),
                (metadata, failure) -> {
                    if (failure == null) {
                        brokerClock.observe(sentMillis, metadata.timestamp(), System.currentTimeMillis());
                    } else {
                        LOG.warnf(failure, "Could not announce %s", announcement.key());
                    }
                });
    }
}
