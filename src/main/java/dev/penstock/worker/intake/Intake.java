package dev.penstock.worker.intake;

import dev.penstock.messages.Outcome;
import dev.penstock.messages.Timings;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Problem;
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
import java.time.Duration;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.WakeupException;
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

    private final String model;
    private final Consumer<byte[], byte[]> consumer;
    private final Map<String, Version> versions;
    private final ReplyTopics replyTopics;
    private final ReplyPublisher replies;
    private final WorkerMeters meters;
    private final IntakeBounds bounds;
    private final IntakeRules<KafkaRecord> rules;
    private volatile boolean stopping;

    /** One version that is served. */
    public record Version(RecordDecoder decoder, WorkerLoop loop, FeatureStage features) {}

    public Intake(
            String model,
            Consumer<byte[], byte[]> consumer,
            Map<String, Version> versions,
            String defaultVersion,
            ReplyTopics replyTopics,
            ReplyPublisher replies,
            WorkerMeters meters,
            IntakeBounds bounds) {
        this.model = model;
        this.consumer = consumer;
        this.versions = Map.copyOf(versions);
        this.replyTopics = replyTopics;
        this.replies = replies;
        this.meters = meters;
        this.bounds = bounds;
        this.rules = new IntakeRules<>(model, defaultVersion, new Reader(), bounds, System.nanoTime());
    }

    /** Ends {@link #run} once all open requests are answered, or after the drain timeout. */
    public void stop() {
        stopping = true;
        consumer.wakeup();
    }

    @Override
    public void run() {
        try (consumer) {
            consumer.subscribe(Topics.requests(model), new Rebalances());
            while (!stopping) {
                turn(POLL);
            }
            drain();
        }
    }

    private void turn(Duration wait) {
        try {
            ConsumerRecords<byte[], byte[]> records = consumer.poll(wait);
            for (ConsumerRecord<byte[], byte[]> record : records) {
                take(KafkaRecord.of(record));
            }
            versions.values().forEach(version -> version.features.lookUp());
        } catch (WakeupException stop) {
            return; // stop() woke the consumer, and the flag is set
        }
        pauseAndResume();
        rules.commitsDue(System.nanoTime()).ifPresent(commits -> {
            commitAsync(commits);
            measureBacklog();
        });
    }

    private void take(KafkaRecord record) {
        switch (rules.take(record)) {
            case Decision.Serve(Task task) -> serve(task);
            case Decision.Cancel(Task task) -> replies.send(task, new Outcome.Cancelled(), Timings.NONE);
            case Decision.Reject(AcceptedRecord rejected, Problem problem) -> replies.reject(rejected, problem);
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
            pollToStayAMember();
        } while (!rules.isDrained(System.nanoTime()));
        if (rules.openRequests() > 0) {
            LOG.warnf(
                    "Model %s: %d requests are still open after the drain timeout of %s; another worker will serve them",
                    model, rules.openRequests(), bounds.drainTimeout());
        }
        commitSync(rules.lastCommits());
    }

    /** Returns no records, since all partitions are paused. Clears the wake-up of {@link #stop}, which would break the last commit. */
    private void pollToStayAMember() {
        try {
            consumer.poll(DRAIN_POLL);
        } catch (WakeupException stop) {
            // draining already
        }
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
            } catch (RebalanceInProgressException | CommitFailedException moved) {
                LOG.infof("Model %s: partitions moved before their last commit; some replies may be sent twice", model);
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
        public Optional<ReplyAddress> replyTo(KafkaRecord record) throws InvalidRequestException {
            return replyTopics.resolve(record.polled().headers());
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
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            commitSync(rules.revoked(ours(partitions)));
        }

        @Override
        public void onPartitionsLost(Collection<TopicPartition> partitions) {
            rules.lost(ours(partitions));
        }
    }
}
