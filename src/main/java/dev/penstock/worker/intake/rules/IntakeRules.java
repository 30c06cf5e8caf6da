package dev.penstock.worker.intake.rules;

import dev.penstock.messages.Topics;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Problem;
import dev.penstock.worker.accepted.AcceptedRecord;
import dev.penstock.worker.accepted.LogPartition;
import dev.penstock.worker.accepted.OffsetCommit;
import dev.penstock.worker.accepted.OffsetLedger;
import dev.penstock.worker.accepted.SourceRecord;
import dev.penstock.worker.loop.Task;
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Decides how a worker takes one model's requests off the log. The caller polls and then does what is returned here: it serves or
 * rejects records, pauses and resumes partitions, and commits offsets. Has no clock; times are monotonic nanoseconds. Confined to one
 * thread.
 */
public final class IntakeRules<S extends SourceRecord> {
    private final String model;
    private final String bulkTopic;
    private final String defaultVersion;
    private final RecordReader<S> reader;
    private final IntakeBounds bounds;
    private final Backpressure backpressure;
    private final OffsetLedger ledger = new OffsetLedger();
    private final Set<LogPartition> assigned = new HashSet<>();
    private final Set<Lane> paused = EnumSet.noneOf(Lane.class);
    private long committedNanos;
    private boolean draining;
    private long drainUntilNanos;

    /** @param defaultVersion serves the records that name no version */
    public IntakeRules(
            String model, String defaultVersion, RecordReader<S> reader, IntakeBounds bounds, long nowNanos) {
        this.model = model;
        this.bulkTopic = Topics.requests(model, Lane.BULK);
        this.defaultVersion = defaultVersion;
        this.reader = reader;
        this.bounds = bounds;
        this.backpressure = new Backpressure(bounds.maxOpen());
        this.committedNanos = nowNanos;
    }

    /** Partitions to stop or to go on reading. */
    public record Flow(Set<LogPartition> pause, Set<LogPartition> resume) {
        private static final Flow UNCHANGED = new Flow(Set.of(), Set.of());
    }

    /** Accepts a polled record: from here on it is open, until it is settled. */
    public AcceptedRecord accept(S record) {
        return ledger.open(
                record, lane(record.partition()), record.modelVersion().orElse(defaultVersion));
    }

    /** How to go on with an accepted record, once the address of its reply is known. */
    public Decision decide(S record, AcceptedRecord accepted) {
        try {
            return decode(record, accepted);
        } catch (InvalidRequestException invalid) {
            return new Decision.Reject(accepted, Problem.of(invalid));
        }
    }

    private Decision decode(S record, AcceptedRecord accepted) throws InvalidRequestException {
        String version = accepted.modelVersion();
        if (!reader.serves(version)) {
            return new Decision.Reject(
                    accepted,
                    Problem.of(Problem.Kind.NOT_FOUND, "model '" + model + "' has no version '" + version + "' here"));
        }
        Task task = reader.decode(record, accepted, lane(record.partition()));
        accepted.countRows(task.rows());
        return reader.isCancelled(task) ? new Decision.Cancel(task) : new Decision.Serve(task);
    }

    /** The lane of the partition's topic. Operators scale and watch topics, so open work is counted and held back by them. */
    public Lane lane(LogPartition partition) {
        return partition.topic().equals(bulkTopic) ? Lane.BULK : Lane.INTERACTIVE;
    }

    /** The partitions to pause or to resume, now that more or less work is open. Call it after each poll. */
    public Flow flow() {
        Set<Lane> held = draining
                ? EnumSet.allOf(Lane.class)
                : backpressure.held(ledger.open(Lane.INTERACTIVE), ledger.open(Lane.BULK));
        if (held.equals(paused)) {
            return Flow.UNCHANGED;
        }
        Set<LogPartition> pause = new HashSet<>();
        Set<LogPartition> resume = new HashSet<>();
        for (LogPartition partition : assigned) {
            boolean isHeld = held.contains(lane(partition));
            if (isHeld != paused.contains(lane(partition))) {
                (isHeld ? pause : resume).add(partition);
            }
        }
        paused.clear();
        paused.addAll(held);
        return new Flow(pause, resume);
    }

    /** Offsets to commit, once in each commit interval; otherwise empty. */
    public Optional<Map<LogPartition, OffsetCommit>> commitsDue(long nowNanos) {
        if (nowNanos - committedNanos < bounds.commitInterval().toNanos()) {
            return Optional.empty();
        }
        committedNanos = nowNanos;
        return Optional.of(ledger.takeCommits());
    }

    /** Offsets to commit now: before this worker leaves. */
    public Map<LogPartition, OffsetCommit> lastCommits() {
        return ledger.takeCommits();
    }

    /**
     * These partitions belong to this worker from now on.
     *
     * @return those of them to pause at once
     */
    public Set<LogPartition> assigned(Collection<LogPartition> partitions) {
        assigned.addAll(partitions);
        return partitions.stream()
                .filter(partition -> paused.contains(lane(partition)))
                .collect(Collectors.toUnmodifiableSet());
    }

    /**
     * These partitions go to another worker, which waits for the last commit.
     *
     * @return the offsets to commit before they go
     */
    public Map<LogPartition, OffsetCommit> revoked(Collection<LogPartition> partitions) {
        Map<LogPartition, OffsetCommit> commits = ledger.takeCommits();
        lost(partitions);
        return commits;
    }

    /** These partitions belong to another worker already, so nothing may be committed for them any more. */
    public void lost(Collection<LogPartition> partitions) {
        assigned.removeAll(Set.copyOf(partitions));
        ledger.forget(partitions);
    }

    /** The numbers of the partitions that belong to this worker, by lane. */
    public Map<Lane, List<Integer>> assignment() {
        Map<Lane, List<Integer>> numbers = new EnumMap<>(Lane.class);
        for (Lane lane : Lane.values()) {
            numbers.put(
                    lane,
                    assigned.stream()
                            .filter(partition -> lane(partition) == lane)
                            .map(LogPartition::partition)
                            .sorted()
                            .toList());
        }
        return numbers;
    }

    /** Begins to stop: takes nothing more, and waits for what is open. */
    public void drain(long nowNanos) {
        draining = true;
        drainUntilNanos = nowNanos + bounds.drainTimeout().toNanos();
    }

    /**
     * Whether draining has ended: no request is open any more that can end, or the drain timeout is over.
     *
     * @param leftOpen open requests that are not waited for: they are not committed, so another worker serves them
     */
    public boolean isDrained(long nowNanos, int leftOpen) {
        return draining && (ledger.openRequests() <= leftOpen || nowNanos - drainUntilNanos >= 0);
    }

    /** Accepted requests that are not settled yet. */
    public int openRequests() {
        return ledger.openRequests();
    }
}
