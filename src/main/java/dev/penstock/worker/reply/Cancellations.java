package dev.penstock.worker.reply;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.kafka.KafkaClients;
import dev.penstock.kafka.TopicFollower;
import dev.penstock.messages.CorrelationId;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.threads.Fault;
import dev.penstock.threads.LimitedLog;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jboss.logging.Logger;

/**
 * The cancelled requests, each until its deadline: later it does not run in any case. The topic is read from its beginning, since a request
 * may wait in the log for longer than a worker lives. Bounded: when there are too many, the oldest are forgotten and may run. Thread-safe.
 */
public final class Cancellations implements TopicFollower.Listener, AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Cancellations.class);
    private static final LimitedLog SKIPPED = new LimitedLog(LOG);
    private static final int MAX_REMEMBERED = 100_000;
    private static final long SWEEP_MILLIS = 1000;
    private static final TopicPartition PARTITION = new TopicPartition(Topics.CANCELLATIONS, 0);

    /** The clocks of ingress and worker may differ by this much; nothing is forgotten that might still run. */
    private static final long SKEW_MILLIS = Duration.ofMinutes(1).toMillis();

    private final Map<String, Long> deadlines = new ConcurrentHashMap<>();
    private final Queue<String> order = new ArrayDeque<>();
    private final TopicFollower follower;
    private long sweptMillis;

    /** Starts to follow the topic. */
    public Cancellations(KafkaClients kafka, java.util.function.Consumer<? super Fault> faults) {
        this.follower = new TopicFollower(
                "penstock-cancellations",
                "Requests that are cancelled from now on run all the same.",
                faults,
                kafka.follower(Map.of(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest")),
                this);
    }

    public boolean contains(CorrelationId id) {
        return !deadlines.isEmpty() && deadlines.containsKey(id.toString());
    }

    /** Waits until all earlier cancellations are known, and continues without them after that time. */
    public void awaitKnown(Duration atMost) throws InterruptedException {
        if (!follower.awaitAssigned(atMost)) {
            LOG.infof("%s was not read within %s; requests that were cancelled earlier may run", PARTITION, atMost);
        }
    }

    /** Also reads the records that are there already. */
    @Override
    public void assign(Consumer<byte[], byte[]> consumer) {
        List<TopicPartition> all = List.of(PARTITION);
        consumer.assign(all);
        consumer.seekToBeginning(all);
        long end = consumer.endOffsets(all).getOrDefault(PARTITION, 0L);
        while (consumer.position(PARTITION) < end) {
            consumer.poll(Duration.ofSeconds(1)).forEach(this::received);
        }
    }

    @Override
    public void received(ConsumerRecord<byte[], byte[]> record) {
        long now = System.currentTimeMillis();
        try {
            long deadline = RecordHeaders.number(record.headers(), RecordHeaders.DEADLINE_MS, 0)
                    .orElse(0L);
            if (record.key() != null && deadline + SKEW_MILLIS > now) {
                String id = new String(record.key(), UTF_8);
                if (deadlines.put(id, deadline) == null) {
                    order.add(id);
                }
            }
        } catch (InvalidRequestException broken) {
            SKIPPED.warn(
                    "%s@%d is not a cancellation: its %s breaks a rule. Only ingresses may write to this topic",
                    PARTITION, record.offset(), broken.field());
        }
        forget(now);
    }

    private void forget(long now) {
        while (order.size() > MAX_REMEMBERED) {
            deadlines.remove(order.remove());
        }
        if (now - sweptMillis > SWEEP_MILLIS) {
            sweptMillis = now;
            deadlines.values().removeIf(deadline -> deadline + SKEW_MILLIS < now);
            order.removeIf(id -> !deadlines.containsKey(id));
        }
    }

    @Override
    public void close() {
        follower.close();
    }
}
