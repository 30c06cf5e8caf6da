package dev.penstock.simulation;

import dev.penstock.batching.BatchPolicy;
import dev.penstock.batching.Batcher;
import dev.penstock.batching.CostModel;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.Timings;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Tensor;
import dev.penstock.threads.LoopThread;
import dev.penstock.worker.accepted.AcceptedRecord;
import dev.penstock.worker.accepted.Lease;
import dev.penstock.worker.accepted.LogPartition;
import dev.penstock.worker.accepted.OffsetCommit;
import dev.penstock.worker.accepted.OpenWork;
import dev.penstock.worker.accepted.Takeover;
import dev.penstock.worker.intake.rules.Decision;
import dev.penstock.worker.intake.rules.IntakeBounds;
import dev.penstock.worker.intake.rules.IntakeRules;
import dev.penstock.worker.intake.rules.RecordReader;
import dev.penstock.worker.loop.Accelerator;
import dev.penstock.worker.loop.Replies;
import dev.penstock.worker.loop.Site;
import dev.penstock.worker.loop.Task;
import dev.penstock.worker.loop.WorkerLoop;
import dev.penstock.worker.loop.WorkerMeters;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** One worker: the real intake rules, loop and batcher, on simulated sessions and a simulated log. */
final class SimulatedWorker implements Replies {
    /** The most records of a partition that one poll returns. */
    static final int POLL_RECORDS = 16;

    private static final String VERSION = "1";
    private static final long POLL_NANOS = 1_000_000;
    private static final Duration COMMIT_INTERVAL = Duration.ofMillis(5);
    private static final Duration DRAIN_TIMEOUT = Duration.ofMillis(50);
    private static final WorkerMeters METERS = new WorkerMeters(new SimpleMeterRegistry(), SimulatedLog.MODEL);
    private static final Payload NOTHING = Payload.json(new byte[0]);

    final Batcher<Task> batcher;
    private final Simulation simulation;
    private final WorkerLoop loop;
    private final IntakeRules<SimulatedRequest> rules;
    private final Map<LogPartition, Integer> nextOffsets = new LinkedHashMap<>();
    private final Set<LogPartition> paused = new HashSet<>();
    private boolean pollIsDue;
    private boolean isLeaving;
    private long stepDueNanos = Long.MAX_VALUE;

    SimulatedWorker(Simulation simulation, Scenario scenario) {
        this.simulation = simulation;
        CostModel costs = new CostModel();
        for (int key = 0; key < scenario.keys(); key++) { // the warm-up
            costs.observe(key, 1, (long) scenario.runNanos(1));
            costs.observe(key, scenario.maxBatchSize(), (long) scenario.runNanos(scenario.maxBatchSize()));
        }
        this.batcher = new Batcher<>(
                new BatchPolicy(scenario.maxBatchSize(), scenario.window().window(), scenario.preferredSizes(), 0.05),
                costs);
        List<List<Accelerator>> sessions = new ArrayList<>();
        for (int i = 0; i < scenario.sessions(); i++) {
            sessions.add(new SimulatedSession(simulation).slots());
        }
        this.loop = new WorkerLoop(
                List.of(Site.home(batcher, sessions)),
                Optional.empty(),
                this,
                METERS,
                lost -> {},
                () -> stepAt(simulation.now()));
        this.rules = new IntakeRules<>(
                SimulatedLog.MODEL,
                VERSION,
                new Reader(),
                new IntakeBounds(
                        new OpenWork.Amount(scenario.maxOpen(), Integer.MAX_VALUE, Long.MAX_VALUE),
                        COMMIT_INTERVAL,
                        DRAIN_TIMEOUT,
                        COMMIT_INTERVAL),
                new Lease(Duration.ofDays(1), 0),
                simulation::now);
    }

    /** Reads the partitions from their committed offsets on. */
    void assign(Collection<LogPartition> partitions) {
        rules.assigned(partitions);
        paused.addAll(partitions);
        for (LogPartition partition : partitions) {
            Takeover takeover = log(partition).takeover();
            nextOffsets.put(partition, log(partition).committed());
            log(partition).give(this);
            commit(Map.of(partition, takeover.firstCommit(millis())));
            rules.takeOver(partition, takeover);
        }
        pollAfter(0);
    }

    /** Gives the partitions up in a rebalance that this worker takes part in. */
    void revoke(Collection<LogPartition> partitions) {
        commit(rules.revoked(partitions, millis()));
        nextOffsets.keySet().removeAll(Set.copyOf(partitions));
        paused.removeAll(Set.copyOf(partitions));
    }

    /** Loses the partitions: the group has moved them, since this worker was silent for too long. */
    void lose(Collection<LogPartition> partitions) {
        rules.lost(partitions);
        nextOffsets.keySet().removeAll(Set.copyOf(partitions));
        paused.removeAll(Set.copyOf(partitions));
    }

    /** Polls soon: a record was appended to one of its partitions. */
    void wake() {
        pollAfter(0);
    }

    /** From now on no request is held back to fill a batch. */
    void drainLoop() {
        loop.drain();
    }

    /** Stops as a worker does at a restart: drains, commits, and leaves the group. */
    void leave() {
        isLeaving = true;
        loop.drain();
        rules.drain(simulation.now());
        pollAfter(0);
    }

    boolean isLeaving() {
        return isLeaving;
    }

    List<LogPartition> partitions() {
        return List.copyOf(nextOffsets.keySet());
    }

    int openRequests() {
        return rules.openRequests();
    }

    void commitLast() {
        commit(rules.lastCommits(millis()));
    }

    private void pollAfter(long nanos) {
        if (!pollIsDue) {
            pollIsDue = true;
            simulation.at(simulation.now() + nanos, this::poll);
        }
    }

    private void poll() {
        pollIsDue = false;
        IntakeRules.Flow flow = rules.flow();
        paused.addAll(flow.pause());
        paused.removeAll(flow.resume());
        nextOffsets.replaceAll((partition, next) -> paused.contains(partition) ? next : read(log(partition), next));
        rules.trial(simulation.now(), 0).ifPresent(this::tryAlone);
        rules.released().forEach(loop::offer);
        rules.commitsDue(simulation.now(), millis(), this::position).ifPresent(this::commit);
        if (isLeaving && rules.isDrained(simulation.now())) {
            simulation.left(this);
        } else if (isLeaving || rules.hasTrials() || hasUnread()) {
            pollAfter(paused.isEmpty() && !rules.hasTrials() ? 0 : POLL_NANOS);
        }
    }

    private void tryAlone(Task suspect) {
        commit(rules.trialCommits(suspect, millis()));
        rules.beginTrial();
        loop.offer(suspect);
    }

    private OptionalLong position(LogPartition partition) {
        return OptionalLong.of(Optional.ofNullable(nextOffsets.get(partition)).orElseThrow());
    }

    private long millis() {
        return simulation.now() / 1_000_000;
    }

    private int read(SimulatedLog.Partition partition, int from) {
        int to = Math.min(partition.end(), from + POLL_RECORDS);
        for (int offset = from; offset < to; offset++) {
            take(partition.record(offset));
        }
        return to;
    }

    private void take(SimulatedRequest request) {
        request.deliveries++;
        switch (rules.decide(request, rules.accept(request))) {
            case Decision.Serve(Task task) -> loop.offer(task);
            case Decision.Cancel cancel ->
                throw new IllegalStateException("a simulated request is never cancelled: " + cancel);
            case Decision.Wait later -> {}
            case Decision.PassOn passOn ->
                throw new IllegalStateException("all simulated workers serve the same version: " + passOn);
            case Decision.Reject reject -> {
                simulation.rejected(request);
                reject.record().settle();
            }
        }
    }

    private boolean hasUnread() {
        return nextOffsets.entrySet().stream()
                .anyMatch(next -> next.getValue() < log(next.getKey()).end());
    }

    private void commit(Map<LogPartition, OffsetCommit> commits) {
        commits.forEach((partition, commit) -> log(partition).commit(this, commit, simulation));
    }

    private SimulatedLog.Partition log(LogPartition partition) {
        return simulation.log().partition(partition);
    }

    private void stepAt(long nanos) {
        if (nanos < stepDueNanos) {
            stepDueNanos = nanos;
            simulation.at(nanos, () -> step(nanos));
        }
    }

    private void step(long due) {
        if (due != stepDueNanos) {
            return; // an earlier step has taken its place
        }
        stepDueNanos = Long.MAX_VALUE;
        long sleep = loop.step(simulation.now());
        if (sleep != LoopThread.UNTIL_WOKEN) {
            stepAt(simulation.now() + sleep);
        }
    }

    @Override
    public Outcome outcome(Task task, List<Tensor> outputs, int fromRow, Map<String, Object> remarks) {
        simulation.checkAnswer(task, outputs.getFirst(), fromRow);
        return new Outcome.Succeeded(NOTHING);
    }

    @Override
    public void send(Task task, Outcome outcome, Timings timings) {
        simulation.replied(Integer.parseInt(task.record().correlationId().toString()), outcome.status());
        task.record().settle();
    }

    /** A simulated record has no bytes to decode. */
    private static final class Reader implements RecordReader<SimulatedRequest> {
        @Override
        public boolean serves(String modelVersion) {
            return modelVersion.equals(VERSION);
        }

        @Override
        public int partitions(String topic) {
            return 0;
        }

        @Override
        public OptionalLong deadlineMillis(SimulatedRequest record) {
            return OptionalLong.of(record.deadlineNanos / 1_000_000);
        }

        @Override
        public Task decode(SimulatedRequest record, AcceptedRecord accepted, Lane topicLane) {
            return record.task(accepted);
        }

        @Override
        public boolean isCancelled(Task task) {
            return false;
        }
    }
}
