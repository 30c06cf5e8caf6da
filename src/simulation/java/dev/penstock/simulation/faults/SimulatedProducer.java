package dev.penstock.simulation.faults;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * An idempotent producer: it sends a record again until the broker has acknowledged it or its time is over, and the broker appends it
 * once.
 */
@SuppressWarnings("UnsynchronizedOverridesSynchronized") // one thread runs at a time
final class SimulatedProducer extends MockProducer<byte[], byte[]> {
    private static final long RETRY_NANOS = 100_000_000;
    private static final long ANSWER_NANOS = 1_000_000_000;

    private final SimulatedProcess process;
    private final Network network;
    private final Network.Connection connection;
    private final long timeoutNanos;
    private final Brokers brokers;

    /** Appends. */
    interface Brokers {
        /** @param sentNanos when the process gave it to its producer */
        ConsumerRecord<byte[], byte[]> append(
                SimulatedProcess from, ProducerRecord<byte[], byte[]> record, long sentNanos);
    }

    private static final class Pending {
        private final ProducerRecord<byte[], byte[]> record;
        private final Callback callback;
        private final long sentNanos;
        private Optional<ConsumerRecord<byte[], byte[]>> appended = Optional.empty();
        private boolean isEnded;

        Pending(ProducerRecord<byte[], byte[]> record, Callback callback, long sentNanos) {
            this.record = record;
            this.callback = callback;
            this.sentNanos = sentNanos;
        }
    }

    /** @param timeoutNanos after which it gives up, as by {@code delivery.timeout.ms} */
    SimulatedProducer(SimulatedProcess process, Network network, long timeoutNanos, Brokers brokers) {
        this.process = process;
        this.network = network;
        this.connection = network.connect(process);
        this.timeoutNanos = timeoutNanos;
        this.brokers = brokers;
    }

    @Override
    public Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> record, Callback callback) {
        Pending pending = new Pending(record, callback, process.nanos());
        process.after(0, () -> attempt(pending));
        return new CompletableFuture<>();
    }

    private void attempt(Pending pending) {
        if (pending.isEnded) {
            return;
        }
        if (process.nanos() - pending.sentNanos >= timeoutNanos) {
            pending.isEnded = true;
            pending.callback.onCompletion(null, new TimeoutException("not acknowledged in time"));
            return;
        }
        connection.ask(() -> append(pending)).thenAccept(appended -> acknowledged(pending, appended));
        process.after(network.isReachable(process) ? ANSWER_NANOS : RETRY_NANOS, () -> attempt(pending));
    }

    private ConsumerRecord<byte[], byte[]> append(Pending pending) {
        ConsumerRecord<byte[], byte[]> appended =
                pending.appended.orElseGet(() -> brokers.append(process, pending.record, pending.sentNanos));
        pending.appended = Optional.of(appended);
        return appended;
    }

    private void acknowledged(Pending pending, ConsumerRecord<byte[], byte[]> appended) {
        if (!pending.isEnded) {
            pending.isEnded = true;
            TopicPartition partition = new TopicPartition(appended.topic(), appended.partition());
            pending.callback.onCompletion(
                    new RecordMetadata(partition, appended.offset(), 0, appended.timestamp(), 0, 0), null);
        }
    }

    @Override
    public List<PartitionInfo> partitionsFor(String topic) {
        return List.of();
    }
}
