package dev.penstock.worker.intake;

import dev.penstock.kafka.BrokerClock;
import dev.penstock.kafka.KafkaClients;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.Timings;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Problem;
import dev.penstock.threads.Time;
import dev.penstock.threads.Unquoted;
import dev.penstock.tracing.Tracing;
import dev.penstock.worker.accepted.AcceptedRecord;
import dev.penstock.worker.accepted.Lease;
import dev.penstock.worker.accepted.LogPartition;
import dev.penstock.worker.accepted.OffsetCommit;
import dev.penstock.worker.accepted.OpenWork;
import dev.penstock.worker.accepted.ReplyAddress;
import dev.penstock.worker.accepted.Takeover;
import dev.penstock.worker.intake.rules.Decision;
import dev.penstock.worker.intake.rules.IntakeBounds;
import dev.penstock.worker.intake.rules.IntakeRules;
import dev.penstock.worker.intake.rules.RecordReader;
import dev.penstock.worker.join.FeatureStage;
import dev.penstock.worker.loop.LaneMeters;
import dev.penstock.worker.loop.Task;
import dev.penstock.worker.loop.WorkerLoop;
import dev.penstock.worker.loop.WorkerMeters;
import dev.penstock.worker.reply.EarlierReplies;
import dev.penstock.worker.reply.Relay;
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
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApiException;
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

    /** A look-up takes a round trip to the broker. */
    private static final Duration POLL_WHILE_UNRESOLVED = Duration.ofMillis(5);

    private static final Duration POLL_WHILE_ONE_RUNS_ALONE = Duration.ofMillis(1);

    /** Half the session timeout: the broker gives the partitions of a silent worker to others after the whole of it. */
    private static final Duration LEASE = KafkaClients.SESSION_TIMEOUT.dividedBy(2);

    /** How long partitions that go to another worker wait for the requests that run. The rest is left to the other worker. */
    private static final long SETTLE_NANOS = Duration.ofSeconds(1).toNanos();

    private static final long SETTLE_STEP_NANOS = Duration.ofMillis(1).toNanos();

    /** How long the last commit is tried again while a rebalance goes on, and how long leaving the group may take. */
    private static final Duration LEAVE_TIMEOUT = Duration.ofSeconds(3);

    private static final Duration NOW = Duration.ZERO;

    private final String model;
    private final Membership membership;
    private final Consumer<byte[], byte[]> consumer;
    private final Map<String, Version> versions;
    private final String defaultVersion;
    private final Answering answering;
    private final WorkerMeters meters;
    private final BrokerClock brokerClock;
    private final Time time;
    private final Tracing tracing;
    private final Semaphore trialPermit;
    private final Lease lease;
    private final IntakeRules<KafkaRecord> rules;
    private final Polling polling;
    private final GroupCommits commits;
    private final java.util.function.Consumer<Map<Lane, List<Integer>>> assignments;
    private final Unresolved<Taken> unresolved = new Unresolved<>();
    private double rowsPerRequest = 1;
    private boolean isIdle;
    private boolean hasTrialPermit;
    private boolean hasLeft;
    private volatile boolean stopping;

    /** A record that was taken from the log, in both forms. */
    private record Taken(KafkaRecord record, AcceptedRecord accepted) {}

    /** One version that is served. */
    public record Version(RecordDecoder decoder, WorkerLoop loop, FeatureStage features) {}

    /** Where requests go that do not run here, and how it is known where replies go. */
    public record Answering(ReplyTopics topics, EarlierReplies earlier, ReplyPublisher replies, Relay relay) {}

    /** Of a member of the model's group. The parameters are those of the other constructor. */
    public Intake(
            String model,
            Consumer<byte[], byte[]> consumer,
            Map<String, Version> versions,
            String defaultVersion,
            Answering answering,
            WorkerMeters meters,
            IntakeBounds bounds,
            BrokerClock brokerClock,
            Time time,
            Tracing tracing,
            Semaphore trialPermit,
            java.util.function.Consumer<Map<Lane, List<Integer>>> assignments) {
        this(
                model,
                Membership.ofGroup(model),
                consumer,
                versions,
                defaultVersion,
                answering,
                meters,
                bounds,
                brokerClock,
                time,
                tracing,
                trialPermit,
                assignments);
    }

    /**
     * @param membership how the consumer comes to its partitions
     * @param trialPermit one for all models of this process: at most one suspect runs in it at a time
     * @param assignments hears which partitions this worker reads, whenever that changes; must not block
     */
    public Intake(
            String model,
            Membership membership,
            Consumer<byte[], byte[]> consumer,
            Map<String, Version> versions,
            String defaultVersion,
            Answering answering,
            WorkerMeters meters,
            IntakeBounds bounds,
            BrokerClock brokerClock,
            Time time,
            Tracing tracing,
            Semaphore trialPermit,
            java.util.function.Consumer<Map<Lane, List<Integer>>> assignments) {
        this.model = model;
        this.membership = membership;
        this.consumer = consumer;
        this.versions = Map.copyOf(versions);
        this.defaultVersion = defaultVersion;
        this.answering = answering;
        this.meters = meters;
        this.brokerClock = brokerClock;
        this.time = time;
        this.tracing = tracing;
        this.lease = new Lease(LEASE, time.nanos());
        this.trialPermit = trialPermit;
        this.assignments = assignments;
        this.rules = new IntakeRules<>(model, defaultVersion, new Reader(), bounds, lease, time::nanos);
        this.polling = new Polling(model, consumer, time);
        this.commits = new GroupCommits(model, consumer, lease, time);
    }

    /** Ends {@link #run} once all open requests are answered, or after the drain timeout. */
    public void stop() {
        stopping = true; // no wake-up: it would end the drain if it came outside of a poll, and a poll is short
    }

    @Override
    public void run() {
        try {
            membership.begin(consumer, new Rebalances());
            while (!stopping) {
                turn(pollTime());
            }
            drain();
        } finally {
            returnTrialPermit();
            consumer.close(CloseOptions.timeout(LEAVE_TIMEOUT));
        }
    }

    private Duration pollTime() {
        if (rules.hasTrials()) {
            return POLL_WHILE_ONE_RUNS_ALONE;
        }
        if (unresolved.size() > 0 || lease.isAwaited()) {
            return POLL_WHILE_UNRESOLVED;
        }
        return isIdle ? rules.idlePoll(time.nanos()) : POLL;
    }

    private void turn(Duration wait) {
        takeOver();
        ConsumerRecords<byte[], byte[]> records = polling.poll(wait);
        isIdle = records.isEmpty() && rules.openRequests() == 0;
        records.forEach(record -> take(KafkaRecord.of(record, tracing)));
        goOn();
    }

    private void goOn() {
        unresolved.release(this::resolved);
        tryAlone();
        rules.released().forEach(this::serve);
        versions.values().forEach(version -> version.features.goOn());
        pauseAndResume();
        commit();
    }

    /** Partitions that were assigned are read once it is known what their owner before may have done, and once this worker is known as their owner. */
    private void takeOver() {
        Map<TopicPartition, LogPartition> arriving = new HashMap<>();
        rules.arriving().forEach(partition -> arriving.put(kafka(partition), partition));
        if (arriving.isEmpty()) {
            return;
        }
        try {
            Map<LogPartition, Takeover> takeovers = Takeovers.of(consumer, arriving);
            Map<LogPartition, OffsetCommit> first = new HashMap<>();
            takeovers.forEach((partition, takeover) -> first.put(partition, takeover.firstCommit(brokerMillis())));
            if (commits.sync(first)) {
                takeovers.forEach(rules::takeOver);
                pauseAndResume();
            }
        } catch (ApiException notYet) {
            polling.failed(notYet);
        }
    }

    private void take(KafkaRecord record) {
        Taken taken = new Taken(record, rules.accept(record));
        if (rules.isLeftToTheFirstCopy(record)) {
            taken.accepted.settle();
            return;
        }
        CompletableFuture<Resolution> resolution =
                answering.topics.resolve(record.polled().headers());
        if (rules.isPossiblyAnswered(record)) {
            resolution = resolution.thenCompose(known -> answering.earlier.unlessAnswered(known, record));
        }
        if (resolution.isDone()) {
            resolved(taken, resolution.join());
        } else {
            unresolved.add(taken, resolution);
        }
    }

    private void resolved(Taken taken, Resolution resolution) {
        switch (resolution) {
            case Resolution.Rejected(InvalidRequestException reason) ->
                answering.replies.reject(taken.accepted, Problem.of(reason));
            case Resolution.Answered answered -> {
                meters.answeredBefore();
                taken.record.trace().note("another worker has answered already");
                taken.accepted.settle();
            }
            case Resolution.To(Optional<ReplyAddress> address) -> {
                address.ifPresent(taken.accepted::replyTo);
                carryOut(rules.decide(taken.record, taken.accepted));
            }
        }
    }

    private void carryOut(Decision decision) {
        switch (decision) {
            case Decision.Serve(Task task) -> serve(task);
            case Decision.Wait later -> {}
            case Decision.Cancel(Task task) -> answering.replies.send(task, new Outcome.Cancelled(), Timings.NONE);
            case Decision.PassOn(
                    AcceptedRecord record,
                    int partition,
                    long deadlineMillis,
                    boolean isSuspect,
                    Decision.Reject otherwise) ->
                answering.relay.passOn(record, partition, deadlineMillis, isSuspect, () -> carryOut(otherwise));
            case Decision.Reject(AcceptedRecord rejected, Problem problem) ->
                answering.replies.reject(rejected, problem);
        }
    }

    private void serve(Task task) {
        try {
            version(task.record().modelVersion()).features.offer(task);
        } catch (InvalidRequestException invalid) {
            answering.replies.reject(task.record(), Problem.of(invalid));
        }
    }

    private Version version(String number) {
        return Optional.ofNullable(versions.get(number)).orElseThrow();
    }

    private void tryAlone() {
        Optional<Task> next = rules.trial(time.nanos(), unresolved.size());
        if (next.isEmpty()) {
            if (!rules.hasTrials()) {
                returnTrialPermit();
            }
            return;
        }
        hasTrialPermit = hasTrialPermit || trialPermit.tryAcquire();
        if (hasTrialPermit && commits.sync(rules.trialCommits(next.get(), brokerMillis()))) {
            rules.beginTrial();
            serve(next.get());
        }
    }

    private void returnTrialPermit() {
        if (hasTrialPermit) {
            hasTrialPermit = false;
            trialPermit.release();
        }
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

    private void commit() {
        rules.commitsDue(time.nanos(), brokerMillis(), this::position).ifPresent(due -> {
            commits.async(due);
            measureBacklog();
        });
        if (lease.isAwaited()) {
            commits.renewLease(() -> rules.allCommits(brokerMillis()));
            lease.release(time.nanos());
        }
    }

    /** Empty while the consumer does not know it, as after a topic was made again. */
    private OptionalLong position(LogPartition partition) {
        try {
            return OptionalLong.of(consumer.position(kafka(partition), NOW));
        } catch (ApiException unknown) {
            return OptionalLong.empty();
        }
    }

    private void drain() {
        versions.values().forEach(version -> version.loop.drain());
        rules.drain(time.nanos());
        pauseAndResume();
        do {
            turn(DRAIN_POLL); // takes no records, since all partitions are paused; keeps the membership
        } while (!rules.isDrained(time.nanos()));
        if (rules.openRequests() > 0) {
            LOG.infof(
                    "Model %s: %d requests are still open; another worker will serve them",
                    model, rules.openRequests());
        }
        long until = time.nanos() + LEAVE_TIMEOUT.toNanos();
        while (!commits.sync(rules.lastCommits(brokerMillis())) && time.nanos() - until < 0) {
            polling.poll(DRAIN_POLL); // lets a rebalance go on, which keeps commits out
        }
        hasLeft = true;
    }

    private void measureBacklog() {
        Map<Lane, Long> behind = new EnumMap<>(Lane.class);
        for (TopicPartition partition : consumer.assignment()) {
            Lane lane = rules.lane(new LogPartition(partition.topic(), partition.partition()));
            behind.merge(lane, consumer.currentLag(partition).orElse(0), Long::sum);
        }
        for (Lane lane : Lane.values()) {
            meters.lane(lane).backlog(backlog(lane, behind.getOrDefault(lane, 0L)));
        }
    }

    /** @param behind records that are not taken, whose rows are taken to be as many as those of the last requests that were */
    private LaneMeters.Backlog backlog(Lane lane, long behind) {
        OpenWork.Amount open = rules.open(lane);
        if (open.rows() > 0) {
            rowsPerRequest = (double) open.rows() / Math.max(1, open.requests());
        }
        Optional<AcceptedRecord> oldest = rules.oldest(lane);
        OptionalLong oldestNanos = oldest.isPresent()
                ? OptionalLong.of(time.nanos()
                        - TimeUnit.MILLISECONDS.toNanos(
                                brokerMillis() - oldest.get().source().timestampMillis()))
                : OptionalLong.empty();
        return new LaneMeters.Backlog(
                behind,
                open.rows() + Math.round(behind * rowsPerRequest),
                oldestNanos,
                oldest.flatMap(AcceptedRecord::term));
    }

    private void assignmentChanged() {
        Map<Lane, List<Integer>> assignment = rules.assignment();
        for (Lane lane : Lane.values()) {
            meters.lane(lane)
                    .partitions(assignment.getOrDefault(lane, List.of()).size());
        }
        assignments.accept(assignment);
    }

    private long brokerMillis() {
        return brokerClock.at(time.millis());
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

    private final class Reader implements RecordReader<KafkaRecord> {
        @Override
        public boolean serves(String modelVersion) {
            return versions.containsKey(modelVersion);
        }

        @Override
        public int partitions(String topic) {
            try {
                return consumer.partitionsFor(topic).size();
            } catch (ApiException unknown) {
                return 0;
            }
        }

        @Override
        public OptionalLong deadlineMillis(KafkaRecord record) throws InvalidRequestException {
            return version(defaultVersion).decoder.deadlineMillis(record.polled(), time.millis());
        }

        @Override
        public Task decode(KafkaRecord record, AcceptedRecord accepted, Lane topicLane) throws InvalidRequestException {
            try {
                Task task = version(accepted.modelVersion())
                        .decoder
                        .decode(accepted, record.polled(), topicLane, time.nanos(), time.millis());
                task.request().requireModel(model, accepted.modelVersion());
                return task;
            } catch (RuntimeException bug) {
                throw new IllegalStateException(
                        "a bug, while record " + record.place() + " was decoded", Unquoted.of(bug));
            }
        }

        @Override
        public boolean isCancelled(Task task) {
            return answering.replies.isCancelled(task);
        }
    }

    private final class Rebalances implements ConsumerRebalanceListener {
        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            rules.assigned(ours(partitions));
            consumer.pause(partitions);
            assignmentChanged();
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            List<LogPartition> going = ours(partitions);
            giveBack(going);
            if (hasLeft) {
                rules.lost(going); // the next owner answers what is still open after the drain timeout
            } else {
                awaitSettled(going);
                commits.sync(rules.revoked(going, brokerMillis()));
                assignmentChanged();
            }
        }

        @Override
        public void onPartitionsLost(Collection<TopicPartition> partitions) {
            List<LogPartition> gone = ours(partitions);
            giveBack(gone);
            rules.lost(gone);
            assignmentChanged();
        }

        private void giveBack(List<LogPartition> partitions) {
            unresolved
                    .remove(taken -> partitions.contains(taken.record.partition()))
                    .forEach(taken -> taken.accepted.giveBack());
            rules.giveBack(partitions);
        }

        /** So that the next owner serves none of them again. */
        private void awaitSettled(List<LogPartition> partitions) {
            long until = time.nanos() + SETTLE_NANOS;
            while (!rules.isSettled(partitions) && time.nanos() - until < 0) {
                time.park(this, SETTLE_STEP_NANOS);
            }
        }
    }
}
