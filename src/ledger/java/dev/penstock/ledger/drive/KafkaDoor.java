package dev.penstock.ledger.drive;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.ledger.Door;
import dev.penstock.ledger.Event;
import dev.penstock.ledger.Ledger;
import dev.penstock.ledger.Place;
import dev.penstock.ledger.Sighting;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.Lane;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Sends records to the request topic and reads the replies, as another system does. One thread sends, since a send can block; one reads.
 */
final class KafkaDoor implements AutoCloseable {
    private static final int REPLY_PARTITIONS = 3;
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration STOP = Duration.ofSeconds(10);
    private static final int MAX_BLOCK_MILLIS = 5000;
    private static final int DELIVERY_TIMEOUT_MILLIS = 30_000;

    private final Plan plan;
    private final Inputs inputs;
    private final Expectations expectations;
    private final Ledger ledger;
    private final LongSupplier clock;
    private final Ids ids;
    private final Map<String, Object> common;
    private final String requests;
    private final String replies;
    private final Producer<byte[], byte[]> producer;
    private final ExecutorService sender = Executors.newSingleThreadExecutor();
    private final Thread reader;
    private volatile boolean isStopping;
    private volatile Optional<RuntimeException> readerFailure = Optional.empty();

    /** Connects, and makes the reply topic unless the plan names one. */
    KafkaDoor(
            Plan plan,
            Map<String, String> kafka,
            Inputs inputs,
            Expectations expectations,
            Ledger ledger,
            LongSupplier clock,
            Ids ids)
            throws InterruptedException {
        this.plan = plan;
        this.inputs = inputs;
        this.expectations = expectations;
        this.ledger = ledger;
        this.clock = clock;
        this.ids = ids;
        this.common = new HashMap<>(kafka);
        this.requests = Topics.requests(plan.model(), Lane.INTERACTIVE);
        this.replies = plan.replyTopic().orElse("penstock.replies." + ids.run());
        if (plan.replyTopic().isEmpty()) {
            makeReplyTopic();
        }
        Consumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                with(Map.of(
                        ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                        false,
                        ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG,
                        false,
                        ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                        "earliest")),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        List<TopicPartition> partitions = consumer.partitionsFor(replies).stream()
                .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                .toList();
        if (partitions.isEmpty()) {
            consumer.close();
            throw new IllegalStateException("the reply topic %s must exist".formatted(replies));
        }
        consumer.assign(partitions);
        if (plan.replyTopic().isPresent()) {
            consumer.seekToEnd(partitions);
            partitions.forEach(consumer::position);
        }
        this.producer = new KafkaProducer<>(
                with(Map.of(
                        ProducerConfig.ACKS_CONFIG,
                        "all",
                        ProducerConfig.MAX_BLOCK_MS_CONFIG,
                        MAX_BLOCK_MILLIS,
                        ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG,
                        DELIVERY_TIMEOUT_MILLIS / 3,
                        ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
                        DELIVERY_TIMEOUT_MILLIS)),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        this.reader = Thread.ofPlatform().name("ledger-replies").daemon().start(() -> read(consumer));
    }

    /** Sends on another thread. */
    void send(int number, int input, Runnable done) {
        sender.execute(() -> {
            try {
                send(number, input);
            } finally {
                done.run();
            }
        });
    }

    /** Waits until the broker acknowledged what was sent, then until all has its reply, at the latest until the grace is over. */
    void drain() throws InterruptedException {
        sender.shutdown();
        if (!sender.awaitTermination(1, TimeUnit.HOURS)) {
            throw new IllegalStateException("the sender did not end within an hour");
        }
        producer.flush();
        long until = clock.getAsLong() + plan.deadline().plus(plan.grace()).toMillis();
        while (ledger.open(Door.KAFKA) > 0 && clock.getAsLong() < until && readerFailure.isEmpty()) {
            Thread.sleep(POLL);
        }
    }

    /** Stops reading. Deletes its own reply topic, unless a worker may still write to it. */
    @Override
    public void close() {
        isStopping = true;
        sender.shutdownNow();
        producer.close(STOP);
        try {
            reader.join(STOP);
            if (plan.replyTopic().isEmpty() && ledger.open(Door.KAFKA) == 0) {
                deleteReplyTopic();
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
        readerFailure.ifPresent(failure -> {
            throw new IllegalStateException("the replies could not be read", failure);
        });
    }

    private void send(int number, int input) {
        String id = ids.of(number);
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(requests, id.getBytes(UTF_8), inputs.body(input, id));
        RecordHeaders.set(record.headers(), RecordHeaders.CORRELATION_ID, id);
        RecordHeaders.set(record.headers(), RecordHeaders.REPLY_TOPIC, replies);
        RecordHeaders.set(
                record.headers(),
                RecordHeaders.TIMEOUT_MS,
                Long.toString(plan.deadline().toMillis()));
        try {
            producer.send(record, (metadata, failure) -> {
                long now = clock.getAsLong();
                ledger.record(
                        failure == null
                                ? new Event.Accepted(
                                        number, id, now + plan.deadline().toMillis(), now)
                                : new Event.InDoubt(number, Event.Doubt.CONNECTION_LOST, now));
            });
        } catch (KafkaException notTaken) {
            ledger.record(new Event.InDoubt(number, Event.Doubt.CONNECTION_LOST, clock.getAsLong()));
        }
    }

    private void read(Consumer<byte[], byte[]> consumer) {
        try (consumer) {
            while (!isStopping) {
                for (ConsumerRecord<byte[], byte[]> reply : consumer.poll(POLL)) {
                    record(reply);
                }
            }
        } catch (RuntimeException failure) {
            readerFailure = Optional.of(failure);
        }
    }

    private void record(ConsumerRecord<byte[], byte[]> reply) {
        long now = clock.getAsLong();
        Place place = Place.reply("%s-%d@%d".formatted(reply.topic(), reply.partition(), reply.offset()));
        String id = RecordHeaders.text(reply.headers(), RecordHeaders.CORRELATION_ID)
                .orElse("");
        String status =
                RecordHeaders.text(reply.headers(), RecordHeaders.STATUS).orElse("");
        OptionalInt number = ids.number(id, ledger.size());
        if (number.isEmpty()) {
            // On a topic that others use too, only our own ids say something.
            if (plan.replyTopic().isEmpty() || ids.isOurs(id)) {
                ledger.record(new Event.Unsent(id, place, "a reply with status '%s'".formatted(status), now));
            }
            return;
        }
        int found = number.getAsInt();
        try {
            ledger.record(new Event.Seen(found, place, sighting(found, id, status, reply), now));
        } catch (UnreadableException unreadable) {
            ledger.record(new Event.Unreadable(found, place, unreadable.getMessage(), now));
        }
    }

    private Sighting sighting(int number, String id, String status, ConsumerRecord<byte[], byte[]> reply)
            throws UnreadableException {
        String value = reply.value() == null ? "" : new String(reply.value(), UTF_8);
        return switch (status) {
            case "succeeded" -> expectations.judge(ledger.input(number), id, Outputs.read(HttpReader.json(value)));
            case "failed" -> HttpReader.failure(HttpReader.json(value));
            case "expired" -> Sighting.expired();
            case "cancelled" -> Sighting.cancelled();
            default -> throw new UnreadableException("a reply must have a status, was '%s'".formatted(status));
        };
    }

    private void makeReplyTopic() throws InterruptedException {
        try (Admin admin = Admin.create(common)) {
            admin.createTopics(List.of(new NewTopic(replies, Optional.of(REPLY_PARTITIONS), Optional.empty())))
                    .all()
                    .get();
        } catch (ExecutionException failed) {
            throw new IllegalStateException(
                    "the reply topic %s cannot be made; name an existing one with --reply-topic".formatted(replies),
                    failed.getCause());
        }
    }

    private void deleteReplyTopic() throws InterruptedException {
        try (Admin admin = Admin.create(common)) {
            admin.deleteTopics(List.of(replies)).all().get();
        } catch (ExecutionException notDeleted) {
            // The topic costs little, and its retention empties it.
        }
    }

    private Map<String, Object> with(Map<String, Object> more) {
        Map<String, Object> all = new HashMap<>(common);
        all.putAll(more);
        return all;
    }
}
