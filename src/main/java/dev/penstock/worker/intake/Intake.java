package dev.penstock.worker.intake;

import dev.penstock.messages.Outcome;
import dev.penstock.messages.Timings;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Problem;
import dev.penstock.threads.TroubleLog;
import dev.penstock.worker.accepted.AcceptedRecord;
import dev.penstock.worker.accepted.LogPartition;
import dev.penstock.worker.accepted.OffsetCommit;
import dev.penstock.worker.accepted.ReplyAddress;
import dev.penstock.worker.intake.rules.Decision;
import dev.penstock.worker.intake.rules.IntakeBounds;
import dev.penstock.worker.intake.rules.IntakeRules;
import dev.penstock.worker.intake.rules.RecordReader;
import dev.penstock.worker.join.FeatureStage;
import dev.penstock.worker.loop.Task;
import dev.penstock.worker.loop.WorkerLoop;
import dev.penstock.worker.loop.WorkerMeters;
import dev.penstock.worker.reply.ReplyPublisher;
import dev.penstock.worker.reply.ReplyTopics;
import dev.penstock.worker.reply.Resolution;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.jboss.logging.Logger;

/**
 * Takes one model's requests off the log. Polls the consumer, asks {@link IntakeRules} what to do, and does it: serves and rejects
 * records, pauses and resumes partitions, commits offsets. Polling goes on while partitions are paused, so that this worker stays a
 * member of its group. {@link #run} is the consumer's thread.
 */
public final class Intake implements Runnable {
    private static final Logger LOG = Logger.getLogger(Intake.class);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration DRAIN_POLL = Duration.ofMillis(10);
    private static final Duration COMMIT_TIMEOUT = Duration.ofSeconds(5);

    /** A look-up takes a round trip to the broker. */
    private static final Duration POLL_WHILE_UNRESOLVED = Duration.ofMillis(5);

    private final String model;
    private final Consumer<byte[], byte[]> consumer;
    private final Map<String, Version> versions;
    private final ReplyTopics replyTopics;
    private final ReplyPublisher replies;
    private final WorkerMeters meters;
    private final IntakeRules<KafkaRecord> rules;
    private final java.util.function.Consumer<Map<Lane, List<Integer>>> assignments;
    private volatile boolean stopping;
    private final TroubleLog trouble;
    private final Unresolved<Taken> unresolved = new Unresolved<>();

    /** A record that was taken from the log, in both forms. */
    private record Taken(KafkaRecord record, AcceptedRecord accepted) {}

    /** One version that is served. */
    public record Version(RecordDecoder decoder, WorkerLoop loop, FeatureStage features) {}

    /** @param assignments hears which partitions this worker reads, whenever that changes; must not block */
    public Intake(
            String model,
            Consumer<byte[], byte[]> consumer,
            Map<String, Version> versions,
            String defaultVersion,
            ReplyTopics replyTopics,
            ReplyPublisher replies,
            WorkerMeters meters,
            IntakeBounds bounds,
            java.util.function.Consumer<Map<Lane, List<Integer>>> assignments) {
        this.model = model;
        this.consumer = consumer;
        this.versions = Map.copyOf(versions);
        this.replyTopics = replyTopics;
        this.replies = replies;
        this.meters = meters;
        this.assignments = assignments;
        this.trouble = new TroubleLog(LOG, "Intake of model " + model);
        this.rules = new IntakeRules<>(model, defaultVersion, new Reader(), bounds, System.nanoTime());
    }

    /** Ends {@link #run} once all open requests are answered, or after the drain timeout. */
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
        poll(wait).forEach(record -> take(KafkaRecord.of(record)));
        unresolved.release(this::resolved);
        versions.values().forEach(version -> version.features.lookUp());
        pauseAndResume();
        rules.commitsDue(System.nanoTime()).ifPresent(commits -> {
            commitAsync(commits);
            measureBacklog();
        });
    }

    private void take(KafkaRecord record) {
        Taken taken = new Taken(record, rules.accept(record));
        CompletableFuture<Resolution> resolution =
                replyTopics.resolve(record.polled().headers());
        if (resolution.isDone()) {
            resolved(taken, resolution.join());
        } else {
            unresolved.add(taken, resolution);
        }
    }

    private void resolved(Taken taken, Resolution resolution) {
        switch (resolution) {
            case Resolution.Rejected(InvalidRequestException reason) ->
                replies.reject(taken.accepted, Problem.of(reason));
            case Resolution.To(Optional<ReplyAddress> address) -> {
                address.ifPresent(taken.accepted::replyTo);
                carryOut(rules.decide(taken.record, taken.accepted));
            }
        }
    }

    private void carryOut(Decision decision) {
        switch (decision) {
            case Decision.Serve(Task task) -> serve(task);
            case Decision.Cancel(Task task) -> replies.send(task, new Outcome.Cancelled(), Timings.NONE);
            case Decision.Reject(AcceptedRecord rejected, Problem problem) -> replies.reject(rejected, problem);
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

    private void serve(Task task) {
        try {
            version(task.record()).features.offer(task);
        } catch (InvalidRequestException invalid) {
            replies.reject(task.record(), Problem.of(invalid));
        }
    }

    private Version version(AcceptedRecord record) {
        return Optional.ofNullable(versions.get(record.modelVersion())).orElseThrow();
    }

    private void pauseAndResume() {
        IntakeRules.Flow flow = rules.flow();
        if (!flow.pause().isEmpty()) {
            consumer.pause(kafka(flow.pause()));
        }
        if (!flow.resume().isEmpty()) {
            consumer.resume(kafka(flow.resume()));
        }
    }

    private void drain() {
        versions.values().forEach(version -> version.loop.drain());
        rules.drain(System.nanoTime());
        pauseAndResume();
        do {
            poll(DRAIN_POLL); // returns no records, since all partitions are paused; keeps the membership
        } while (!rules.isDrained(System.nanoTime(), unresolved.size()));
        if (rules.openRequests() > 0) {
            LOG.warnf(
                    "Model %s: %d requests are still open, %d of them without a known reply topic; another worker will serve them",
                    model, rules.openRequests(), unresolved.size());
        }
        commitSync(rules.lastCommits());
    }

    private void commitAsync(Map<LogPartition, OffsetCommit> commits) {
        if (!commits.isEmpty()) {
            consumer.commitAsync(offsets(commits), (committed, failure) -> {
                if (failure != null) {
                    // The next commit of these partitions covers it. A crash before that serves some requests twice.
                    LOG.debugf(failure, "Model %s: could not commit %s; the next commit will", model, committed);
                }
            });
        }
    }

    private void commitSync(Map<LogPartition, OffsetCommit> commits) {
        if (!commits.isEmpty()) {
            try {
                consumer.commitSync(offsets(commits), COMMIT_TIMEOUT);
            } catch (RetriableException | CommitFailedException failed) {
                LOG.infof("Model %s: the last commit failed (%s); some replies may be sent twice", model, failed);
            }
        }
    }

    private void measureBacklog() {
        Map<Lane, Long> backlog = new EnumMap<>(Lane.class);
        for (TopicPartition partition : consumer.assignment()) {
            Lane lane = rules.lane(new LogPartition(partition.topic(), partition.partition()));
            backlog.merge(lane, consumer.currentLag(partition).orElse(0), Long::sum);
        }
        backlog.forEach(meters::backlog);
    }

    private static List<TopicPartition> kafka(Collection<LogPartition> partitions) {
        return partitions.stream().map(Intake::kafka).toList();
    }

    private static TopicPartition kafka(LogPartition partition) {
        return new TopicPartition(partition.topic(), partition.partition());
    }

    private static List<LogPartition> ours(Collection<TopicPartition> partitions) {
        return partitions.stream()
                .map(partition -> new LogPartition(partition.topic(), partition.partition()))
                .toList();
    }

    private static Map<TopicPartition, OffsetAndMetadata> offsets(Map<LogPartition, OffsetCommit> commits) {
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        commits.forEach((partition, commit) -> offsets.put(
                kafka(partition),
                new OffsetAndMetadata(commit.nextOffset(), commit.note().toMetadata())));
        return offsets;
    }

    private final class Reader implements RecordReader<KafkaRecord> {
        @Override
        public boolean serves(String modelVersion) {
            return versions.containsKey(modelVersion);
        }

        @Override
        public Task decode(KafkaRecord record, AcceptedRecord accepted, Lane topicLane) throws InvalidRequestException {
            return version(accepted)
                    .decoder
                    .decode(accepted, record.polled(), topicLane, System.nanoTime(), System.currentTimeMillis());
        }

        @Override
        public boolean isCancelled(Task task) {
            return replies.isCancelled(task);
        }
    }

    private final class Rebalances implements ConsumerRebalanceListener {
        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            consumer.pause(kafka(rules.assigned(ours(partitions))));
            assignments.accept(rules.assignment());
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            commitSync(rules.revoked(ours(partitions)));
            assignments.accept(rules.assignment());
        }

        @Override
        public void onPartitionsLost(Collection<TopicPartition> partitions) {
            rules.lost(ours(partitions));
            assignments.accept(rules.assignment());
        }
    }
}
