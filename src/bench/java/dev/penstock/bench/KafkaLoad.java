package dev.penstock.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * A load of records on a request topic, sent by plain Kafka clients as another system would, and their replies.
 *
 * @param bodies returns the value of record i; i counts from 0
 * @param outstanding the maximum number of outstanding requests
 * @param patience how long the run continues without a reply
 * @param check receives the reply's {@code status} header and value
 * @param ratePerSecond the open-loop rate, from whose ticks latency is measured; empty for a closed loop
 * @param timeout of each request from its sending; empty for the service's default
 */
public record KafkaLoad(
        String bootstrapServers,
        String requestTopic,
        String replyTopic,
        IntFunction<byte[]> bodies,
        int requests,
        int outstanding,
        Duration patience,
        Check check,
        OptionalDouble ratePerSecond,
        Optional<Duration> timeout) {

    private static final Duration POLL = Duration.ofMillis(100);

    /** A closed loop without a timeout. */
    public KafkaLoad(
            String bootstrapServers,
            String requestTopic,
            String replyTopic,
            IntFunction<byte[]> bodies,
            int requests,
            int outstanding,
            Duration patience,
            Check check) {
        this(
                bootstrapServers,
                requestTopic,
                replyTopic,
                bodies,
                requests,
                outstanding,
                patience,
                check,
                OptionalDouble.empty(),
                Optional.empty());
    }

    /** Sends all requests and awaits their replies. The reply topic must exist. */
    public LoadResult run() throws InterruptedException {
        try (Producer<byte[], byte[]> producer = new KafkaProducer<>(
                        Map.of(
                                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                                bootstrapServers,
                                ProducerConfig.MAX_BLOCK_MS_CONFIG,
                                "5000"),
                        new ByteArraySerializer(),
                        new ByteArraySerializer());
                Consumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                        Map.of(
                                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                                bootstrapServers,
                                ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                                "false",
                                ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG,
                                "false"),
                        new ByteArrayDeserializer(),
                        new ByteArrayDeserializer())) {
            return run(producer, consumer);
        }
    }

    LoadResult run(Producer<byte[], byte[]> producer, Consumer<byte[], byte[]> consumer) throws InterruptedException {
        readFromNowOn(consumer);
        return new Run(producer, consumer).run();
    }

    private void readFromNowOn(Consumer<byte[], byte[]> consumer) {
        List<TopicPartition> partitions = consumer.partitionsFor(replyTopic).stream()
                .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                .toList();
        if (partitions.isEmpty()) {
            throw new IllegalStateException("reply topic " + replyTopic + " does not exist");
        }
        consumer.assign(partitions);
        consumer.seekToEnd(partitions);
        partitions.forEach(consumer::position);
    }

    /** The calling thread sends. A second thread reads the replies and releases permits to send. */
    private final class Run {
        private final Producer<byte[], byte[]> producer;
        private final Consumer<byte[], byte[]> consumer;
        /** Distinguishes the replies of this run from others on the topic. */
        private final String prefix = UUID.randomUUID() + ":";

        private final Semaphore window = new Semaphore(outstanding);
        private final Map<Integer, Long> sentNanos = new ConcurrentHashMap<>();
        private final AtomicBoolean done = new AtomicBoolean();
        private final Tally tally = new Tally();

        Run(Producer<byte[], byte[]> producer, Consumer<byte[], byte[]> consumer) {
            this.producer = producer;
            this.consumer = consumer;
        }

        LoadResult run() throws InterruptedException {
            try (ExecutorService reader = Executors.newSingleThreadExecutor()) {
                Future<?> reading = reader.submit(this::readReplies);
                long startNanos = System.nanoTime();
                try {
                    sendAll();
                } finally {
                    done.set(true);
                }
                reading.get();
                return tally.result(startNanos);
            } catch (ExecutionException e) {
                throw new IllegalStateException("cannot read replies", e.getCause());
            }
        }

        private void sendAll() throws InterruptedException {
            long startNanos = System.nanoTime();
            int sent = 0;
            while (sent < requests && isPermitted(1)) {
                send(sent, awaitTick(startNanos, sent));
                sent++;
            }
            if (sent < requests || !isPermitted(outstanding)) {
                tally.unanswered(sentNanos.size() + (requests - sent));
            }
        }

        /** Waits for permits as long as replies arrive. */
        private boolean isPermitted(int permits) throws InterruptedException {
            int settled;
            do {
                settled = window.availablePermits();
                if (window.tryAcquire(permits, patience.toNanos(), TimeUnit.NANOSECONDS)) {
                    return true;
                }
            } while (window.availablePermits() > settled);
            return false;
        }

        /** Returns when the request was due. */
        private long awaitTick(long startNanos, int index) {
            long now = System.nanoTime();
            if (ratePerSecond.isEmpty()) {
                return now;
            }
            long due = startNanos + (long) (index * 1e9 / ratePerSecond.getAsDouble());
            for (; due - now > 0; now = System.nanoTime()) {
                LockSupport.parkNanos(due - now);
            }
            return due;
        }

        private void send(int index, long dueNanos) {
            ProducerRecord<byte[], byte[]> request = new ProducerRecord<>(requestTopic, bodies.apply(index));
            request.headers().add("correlation-id", (prefix + index).getBytes(UTF_8));
            request.headers().add("reply-topic", replyTopic.getBytes(UTF_8));
            timeout.ifPresent(limit -> request.headers()
                    .add(
                            "deadline-ms",
                            Long.toString(System.currentTimeMillis() + limit.toMillis())
                                    .getBytes(UTF_8)));
            sentNanos.put(index, dueNanos);
            Future<RecordMetadata> unused = producer.send(request, (metadata, failure) -> {
                if (failure != null && sentNanos.remove(index) != null) {
                    tally.ioError();
                    window.release();
                }
            });
        }

        private void readReplies() {
            while (!done.get()) {
                for (ConsumerRecord<byte[], byte[]> reply : consumer.poll(POLL)) {
                    header(reply, "correlation-id")
                            .filter(id -> id.startsWith(prefix))
                            .ifPresent(id -> settle(Integer.parseInt(id, prefix.length(), id.length(), 10), reply));
                }
            }
        }

        private void settle(int index, ConsumerRecord<byte[], byte[]> reply) {
            long now = System.nanoTime();
            Long sent = sentNanos.remove(index);
            if (sent == null) {
                tally.duplicate();
                return;
            }
            String status = header(reply, "status").orElse("no status");
            boolean right = check.accepts(index, status, reply.value());
            if (status.equals("succeeded")) {
                tally.success(right, sent, now);
            } else {
                tally.otherStatus(status, now);
            }
            window.release();
        }
    }

    private static Optional<String> header(ConsumerRecord<?, ?> record, String name) {
        return Optional.ofNullable(record.headers().lastHeader(name))
                .map(Header::value)
                .map(value -> new String(value, UTF_8));
    }
}
