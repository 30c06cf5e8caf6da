package dev.penstock.kafka;

import dev.penstock.threads.Fault;
import dev.penstock.threads.LoopThread;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Two producers, so that a record that comes alone goes at once, and records that come together go in one request. A producer that does not
 * linger sends the first record of a group as soon as its thread wakes up, and the others with its next request. That costs the broker,
 * and whoever reads them, another request. So a group goes to the producer that lingers, and is flushed when its last record is there. The
 * flush waits for the broker, on a thread of its own. Thread-safe.
 */
public final class GroupedProducer implements AutoCloseable {
    /** A flush wakes a thread, so a smaller group is sent as it comes. */
    static final int MANY = 4;

    private final Producer<byte[], byte[]> prompt;
    private final Producer<byte[], byte[]> lingering;
    private final Optional<LoopThread> flushing;
    private final AtomicInteger groups = new AtomicInteger();

    /** @param faults hears when groups can no longer be flushed, and wait for the end of the linger */
    public GroupedProducer(
            Producer<byte[], byte[]> prompt, Producer<byte[], byte[]> lingering, Consumer<? super Fault> faults) {
        this(
                prompt,
                lingering,
                Optional.of(new LoopThread("penstock-flush", "Records that go together wait longer.", faults)));
        flushing.get().start(now -> {
            lingering.flush();
            return LoopThread.UNTIL_WOKEN;
        });
    }

    private GroupedProducer(
            Producer<byte[], byte[]> prompt, Producer<byte[], byte[]> lingering, Optional<LoopThread> flushing) {
        this.prompt = prompt;
        this.lingering = lingering;
        this.flushing = flushing;
    }

    /** One producer that sends all records as they come, for simulations: it starts no thread. */
    public static GroupedProducer withoutGroups(Producer<byte[], byte[]> producer) {
        return new GroupedProducer(producer, producer, Optional.empty());
    }

    /**
     * Opens both producers. Each has one request to a broker on its way at a time; records that come meanwhile go with the next.
     *
     * @param settings of both, without a linger
     * @param linger how long a record waits that is sent by {@link #lingering}
     */
    public static GroupedProducer open(
            KafkaClients kafka, Map<String, Object> settings, Duration linger, Consumer<? super Fault> faults) {
        Map<String, Object> all = new HashMap<>(settings);
        all.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
        all.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        Producer<byte[], byte[]> prompt = kafka.producer(all);
        all.put(ProducerConfig.LINGER_MS_CONFIG, linger.toMillis());
        return new GroupedProducer(prompt, kafka.producer(all), faults);
    }

    /** Sends a record now: with the group that is being sent, or else alone. Fails as {@link Producer#send} does. */
    public void send(ProducerRecord<byte[], byte[]> record, Callback callback) {
        if (groups.get() == 0) {
            prompt.send(record, callback);
            return;
        }
        lingering.send(record, callback);
        if (groups.get() == 0) { // the group has gone meanwhile, perhaps without this record
            flush();
        }
    }

    /** The producer for a record that may wait. */
    public Producer<byte[], byte[]> lingering() {
        return lingering;
    }

    public Producer<byte[], byte[]> prompt() {
        return prompt;
    }

    /**
     * Runs {@code sends}, which sends so many records by {@link #send}, and lets them go together. A record of another thread that comes at
     * the same moment goes with them.
     */
    public void together(int records, Runnable sends) {
        if (records < MANY) {
            sends.run();
            return;
        }
        groups.incrementAndGet();
        try {
            sends.run();
        } finally {
            groups.decrementAndGet();
            flush();
        }
    }

    private void flush() {
        flushing.ifPresent(LoopThread::wake);
    }

    /** Sends what is there, for as long as the timeout. */
    public void close(Duration timeout) {
        prompt.close(timeout);
        lingering.close(timeout);
        flushing.ifPresent(LoopThread::close); // a flush ends with its producer
    }

    @Override
    public void close() {
        close(Duration.ofSeconds(5));
    }
}
