package dev.penstock.worker.intake;

import dev.penstock.messages.Outcome;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Timings;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Problem;
import dev.penstock.threads.TroubleLog;
import dev.penstock.worker.join.FeatureGate;
import dev.penstock.worker.loop.Task;
import dev.penstock.worker.loop.WorkerLoop;
import dev.penstock.worker.loop.WorkerMeters;
import dev.penstock.worker.offsets.OffsetLedger;
import dev.penstock.worker.offsets.OpenWork;
import dev.penstock.worker.offsets.Origin;
import dev.penstock.worker.offsets.ReplyAddress;
import dev.penstock.worker.reply.ReplyPublisher;
import dev.penstock.worker.reply.ReplyTopics;
import dev.penstock.worker.reply.Resolution;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.jboss.logging.Logger;

/**
 * Takes one model's requests off the log: polls, decodes, hands tasks to the loop of their version, and commits what is settled.
 * Bounded: when too much is open, partitions pause and polling goes on, so that the group keeps its member; see {@link Backpressure}. {@link #run} is the
 * consumer's thread.
 */
public final class Intake implements Runnable {
    private static final Logger LOG = Logger.getLogger(Intake.class);
    private static final Duration POLL = Duration.ofMillis(100);

    /** A look-up takes a round trip to the broker. */
    private static final Duration POLL_WHILE_UNRESOLVED = Duration.ofMillis(5);

    private final String model;
    private final Consumer<byte[], byte[]> consumer;
    private final Map<String, Version> versions;
    private final String defaultVersion;
    private final ReplyTopics replyTopics;
    private final ReplyPublisher replies;
    private final WorkerMeters meters;
    private final Bounds bounds;
    private final OffsetLedger ledger = new OffsetLedger();
    private volatile boolean stopping;
    private final Backpressure backpressure;
    private final Set<Lane> paused = EnumSet.noneOf(Lane.class);
    private final TroubleLog trouble;
    private final Unresolved<Arrived> unresolved = new Unresolved<>();
    private long committedNanos = System.nanoTime();

    private record Arrived(
            ConsumerRecord<byte[], byte[]> record,
            Lane lane,
            OffsetLedger.Position position,
            String correlationId,
            String version) {
        Origin origin(Optional<ReplyAddress> replyTo) {
            return new Origin(record, position, correlationId, replyTo, version);
        }
    }

    /** One version that is served. */
    public record Version(RecordDecoder decoder, WorkerLoop loop, FeatureGate gate) {}

    /** @param maxOpen polled and not yet answered */
    public record Bounds(OpenWork.Amount maxOpen, Duration commitInterval, Duration drainTimeout) {}

    public Intake(
            String model,
            Consumer<byte[], byte[]> consumer,
            Map<String, Version> versions,
            String defaultVersion,
            ReplyTopics replyTopics,
            ReplyPublisher replies,
            WorkerMeters meters,
            Bounds bounds) {
        this.model = model;
        this.consumer = consumer;
        this.versions = versions;
        this.defaultVersion = defaultVersion;
        this.replyTopics = replyTopics;
        this.replies = replies;
        this.meters = meters;
        this.bounds = bounds;
        this.trouble = new TroubleLog(LOG, "Intake of model " + model);
        this.backpressure = new Backpressure(bounds.maxOpen());
    }

    /** Ends {@link #run} once the open requests have been answered, or after the drain timeout. */
    public void stop() {
        stopping = true; // no wake-up: it would end the drain if it came outside of a poll, and a poll is short
    }

    @Override
    public void run() {
        try (consumer) {
            consumer.subscribe(Topics.requests(model), new Rebalances());
            while (!stopping) {
                turn(unresolved.size() == 0 ? POLL : POLL_WHILE_UNRESOLVED);
            }
            drain();
        }
    }

    private void turn(Duration wait) {
        poll(wait).forEach(this::take);
        unresolved.release(this::serve);
        versions.values().forEach(version -> version.gate.release());
        holdBackOrGoOn();
        if (System.nanoTime() - committedNanos >= bounds.commitInterval().toNanos()) {
            committedNanos = System.nanoTime();
            commitAsync();
            measureBacklog();
        }
    }

    /** Only the poll is tried again: a record that was polled has to be taken, or it is lost. */
    private ConsumerRecords<byte[], byte[]> poll(Duration wait) {
        try {
            ConsumerRecords<byte[], byte[]> records = consumer.poll(wait);
            trouble.succeeded();
            return records;
        } catch (RetriableException notYet) {
            trouble.failed("trouble with the broker; polling again", notYet);
            return ConsumerRecords.empty();
        }
    }

    private void take(ConsumerRecord<byte[], byte[]> record) {
        int bytes = Math.max(0, record.serializedValueSize());
        Lane lane = lane(record.topic());
        OffsetLedger.Position position =
                ledger.open(new TopicPartition(record.topic(), record.partition()), lane, record.offset(), bytes);
        String correlationId = RecordHeaders.text(record.headers(), RecordHeaders.CORRELATION_ID)
                .orElseGet(() -> UUID.randomUUID().toString());
        String version = RecordHeaders.text(record.headers(), RecordHeaders.MODEL_VERSION)
                .orElse(defaultVersion);
        Arrived arrived = new Arrived(record, lane, position, correlationId, version);
        CompletableFuture<Resolution> resolution = replyTopics.resolve(record.headers());
        if (resolution.isDone()) {
            serve(arrived, resolution.join());
        } else {
            unresolved.add(arrived, resolution);
        }
    }

    private void serve(Arrived arrived, Resolution resolution) {
        switch (resolution) {
            case Resolution.Rejected rejected ->
                replies.reject(arrived.origin(Optional.empty()), Problem.of(rejected.reason()));
            case Resolution.To to -> serve(arrived.origin(to.address()), arrived.lane);
        }
    }

    private void serve(Origin origin, Lane lane) {
        String version = origin.modelVersion();
        Version serving = versions.get(version);
        if (serving == null) {
            replies.reject(
                    origin,
                    Problem.of(Problem.Kind.NOT_FOUND, "model '" + model + "' has no version '" + version + "' here"));
            return;
        }
        try {
            Task task = serving.decoder.decode(origin, lane, System.nanoTime(), System.currentTimeMillis());
            origin.position().holds(task.rows());
            if (replies.isCancelled(task)) {
                replies.send(task, new Outcome.Cancelled(), Timings.NONE);
                return;
            }
            serving.gate.offer(task);
        } catch (InvalidRequestException invalid) {
            replies.reject(origin, Problem.of(invalid));
        }
    }

    /** By the topic, since that is what the operator scales and watches. */
    private Lane lane(String topic) {
        return topic.equals(Topics.requests(model, Lane.BULK)) ? Lane.BULK : Lane.INTERACTIVE;
    }

    private void holdBackOrGoOn() {
        Set<Lane> held = backpressure.held(ledger.open(Lane.INTERACTIVE), ledger.open(Lane.BULK));
        for (Lane lane : Lane.values()) {
            if (held.contains(lane) && paused.add(lane)) {
                consumer.pause(partitions(lane, consumer.assignment()));
            } else if (!held.contains(lane) && paused.remove(lane)) {
                consumer.resume(partitions(lane, consumer.assignment()));
            }
        }
    }

    private List<TopicPartition> partitions(Lane lane, Collection<TopicPartition> of) {
        return of.stream().filter(partition -> lane(partition.topic()) == lane).toList();
    }

    private void drain() {
        versions.values().forEach(version -> version.loop.drain());
        long until = System.nanoTime() + bounds.drainTimeout().toNanos();
        consumer.pause(consumer.assignment());
        paused.addAll(EnumSet.allOf(Lane.class));
        // Requests whose reply topic is unknown are not waited for: they are not committed, so another worker serves
        // them.
        while (ledger.openRequests() > unresolved.size() && System.nanoTime() - until < 0) {
            poll(Duration.ofMillis(10));
            consumer.pause(consumer.assignment());
        }
        if (ledger.openRequests() > 0) {
            LOG.warnf(
                    "Model %s: %d requests are still open, %d of them without a known reply topic; another worker will serve them",
                    model, ledger.openRequests(), unresolved.size());
        }
        commitSync();
    }

    private void commitAsync() {
        Map<TopicPartition, OffsetAndMetadata> offsets = ledger.takeCommittable();
        if (!offsets.isEmpty()) {
            consumer.commitAsync(offsets, (committed, failure) -> {
                if (failure != null) {
                    // The next commit of these partitions covers it; until then a crash would serve some requests
                    // twice.
                    LOG.debugf(failure, "Commit of %s failed", committed);
                }
            });
        }
    }

    private void commitSync() {
        Map<TopicPartition, OffsetAndMetadata> offsets = ledger.takeCommittable();
        if (!offsets.isEmpty()) {
            try {
                consumer.commitSync(offsets, Duration.ofSeconds(5));
            } catch (RetriableException | CommitFailedException moved) {
                LOG.infof("Model %s: the last commit failed (%s); some answers may be sent twice", model, moved);
            }
        }
    }

    private void measureBacklog() {
        Map<Lane, Long> backlog = new EnumMap<>(Lane.class);
        for (TopicPartition partition : consumer.assignment()) {
            backlog.merge(
                    lane(partition.topic()), consumer.currentLag(partition).orElse(0), Long::sum);
        }
        backlog.forEach(meters::backlog);
    }

    private final class Rebalances implements ConsumerRebalanceListener {
        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            paused.forEach(lane -> consumer.pause(partitions(lane, partitions)));
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            commitSync();
            ledger.forget(partitions);
        }

        @Override
        public void onPartitionsLost(Collection<TopicPartition> partitions) {
            ledger.forget(partitions);
        }
    }
}
