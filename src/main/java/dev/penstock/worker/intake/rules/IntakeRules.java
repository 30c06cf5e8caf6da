package dev.penstock.worker.intake.rules;

import dev.penstock.messages.Topics;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Problem;
import dev.penstock.worker.accepted.AcceptedRecord;
import dev.penstock.worker.accepted.Lease;
import dev.penstock.worker.accepted.LogPartition;
import dev.penstock.worker.accepted.OffsetCommit;
import dev.penstock.worker.accepted.OffsetLedger;
import dev.penstock.worker.accepted.OpenWork;
import dev.penstock.worker.accepted.SourceRecord;
import dev.penstock.worker.accepted.Takeover;
import dev.penstock.worker.loop.Task;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Decides how a worker takes one model's requests off the log. The caller polls and then does what is returned here: it serves or
 * rejects records, pauses and resumes partitions, and commits offsets. Times are monotonic nanoseconds, or milliseconds by
 * the broker's clock. Confined to one thread.
 */
public final class IntakeRules<S extends SourceRecord> {
    /** A record that nobody serves is passed on so often and then rejected. */
    static final int MOST_PASSES = 8;

    /** The most runs of a suspect that ended two workers: perhaps among others, and perhaps alone. */
    private static final int RUNS_OF_THE_GUILTY = 2;

    /** All partitions are committed this often, moved or not: it renews the lease, and tells the next owner what this one can have taken. */
    private static final long RENEWAL_NANOS = 1_000_000_000;

    /** A commit that is due may have to wait for the commit interval. */
    private static final Duration SHORTEST_IDLE_POLL = Duration.ofMillis(100);

    private final String model;
    private final String bulkTopic;
    private final String defaultVersion;
    private final RecordReader<S> reader;
    private final IntakeBounds bounds;
    private final Backpressure backpressure;
    private final OffsetLedger ledger;
    private final Trials trials = new Trials();
    private final Set<LogPartition> assigned = new HashSet<>();
    private final Set<LogPartition> paused = new HashSet<>();
    private long committedNanos;
    private long renewedNanos;
    private long trialSinceNanos;
    private boolean draining;
    private long drainUntilNanos;

    /**
     * @param defaultVersion serves the records that name no version
     * @param lease of the partitions
     * @param nanoClock measures for how long there is work; decisions have their time as a parameter
     */
    public IntakeRules(
            String model,
            String defaultVersion,
            RecordReader<S> reader,
            IntakeBounds bounds,
            Lease lease,
            LongSupplier nanoClock) {
        this.model = model;
        this.bulkTopic = Topics.requests(model, Lane.BULK);
        this.defaultVersion = defaultVersion;
        this.reader = reader;
        this.bounds = bounds;
        this.ledger = new OffsetLedger(lease, nanoClock);
        this.backpressure = new Backpressure(bounds.maxOpen());
        this.committedNanos = nanoClock.getAsLong();
        this.renewedNanos = committedNanos;
    }

    /** Partitions to stop or to go on reading. */
    public record Flow(Set<LogPartition> pause, Set<LogPartition> resume) {}

    /** These partitions are this worker's from now on. Do not read them before they are taken over. */
    public void assigned(Collection<LogPartition> partitions) {
        assigned.addAll(partitions);
        paused.addAll(partitions);
    }

    /** Partitions that are assigned and not taken over yet. */
    public Set<LogPartition> arriving() {
        return draining
                ? Set.of()
                : assigned.stream()
                        .filter(partition -> !ledger.owns(partition))
                        .collect(Collectors.toUnmodifiableSet());
    }

    /** Begins to own a partition, once its {@link Takeover#firstCommit} is safe. */
    public void takeOver(LogPartition partition, Takeover takeover) {
        ledger.takeOver(partition, takeover);
    }

    /** Accepts a polled record: from here on it is open, until it is settled. */
    public AcceptedRecord accept(S record) {
        return ledger.open(
                record, lane(record.partition()), record.modelVersion().orElse(defaultVersion));
    }

    /** Whether another worker may have answered the record already: the one that owned the partition before, or one that passed it on. */
    public boolean isPossiblyAnswered(S record) {
        return record.passedOn() > 0 || ledger.takeover(record).isPossiblyAnswered(record.offset());
    }

    /**
     * Whether the record is the second copy of a synchronous call, and may be the reason why the owner before ended. Then it is settled
     * without a reply: the owner of the first copy answers. So a call that ends its process ends one worker by its copy, and not two.
     */
    public boolean isLeftToTheFirstCopy(S record) {
        return record.isCopy() && ledger.isSuspect(record);
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
        if (ledger.isGuilty(record)) {
            accepted.countEarlierRuns(RUNS_OF_THE_GUILTY);
            return new Decision.Reject(
                    accepted,
                    Problem.of(
                            Problem.Kind.INFERENCE_FAILED,
                            "the process of a worker ended twice while it held this request, the second time while only this one ran"));
        }
        if (!reader.serves(accepted.modelVersion())) {
            return passOn(record, accepted);
        }
        Task task = reader.decode(record, accepted, lane(record.partition()));
        accepted.countRows(task.rows());
        if (reader.isCancelled(task)) {
            return new Decision.Cancel(task);
        }
        if (isSuspect(record)) {
            trials.add(task);
            return new Decision.Wait();
        }
        if (trials.areOn()) {
            trials.hold(task);
            return new Decision.Wait();
        }
        return new Decision.Serve(task);
    }

    private boolean isSuspect(S record) {
        return record.isSuspect() || ledger.isSuspect(record);
    }

    /** Chooses a partition by the record's place, so that records spread, and a simulation repeats itself. */
    private Decision passOn(S record, AcceptedRecord accepted) throws InvalidRequestException {
        Decision.Reject rejected = new Decision.Reject(
                accepted,
                Problem.of(
                        Problem.Kind.NOT_FOUND,
                        "model '" + model + "' has no version '" + accepted.modelVersion() + "' here"));
        String topic = record.partition().topic();
        List<Integer> others = IntStream.range(0, reader.partitions(topic))
                .filter(partition -> !assigned.contains(new LogPartition(topic, partition)))
                .boxed()
                .toList();
        OptionalLong deadlineMillis = reader.deadlineMillis(record);
        if (others.isEmpty() || deadlineMillis.isEmpty() || record.passedOn() >= MOST_PASSES) {
            return rejected;
        }
        int choice = Math.floorMod(31 * record.origin().hashCode() + record.passedOn(), others.size());
        return new Decision.PassOn(
                accepted, others.get(choice), deadlineMillis.getAsLong(), isSuspect(record), rejected);
    }

    /**
     * The suspect that runs alone next: commit {@link #trialCommits} and, once they are safe, {@link #beginTrial} and serve it. Empty
     * while something else runs.
     *
     * @param unresolved open requests whose reply topic is not known yet
     */
    public Optional<Task> trial(long nowNanos, int unresolved) {
        if (!trials.areOn()) {
            trialSinceNanos = nowNanos;
        }
        boolean isQuiet = ledger.openRequests() <= trials.waiting() + unresolved;
        boolean isPatient = nowNanos - trialSinceNanos < bounds.drainTimeout().toNanos();
        return isQuiet || !isPatient ? trials.next() : Optional.empty();
    }

    /** Whether suspects run, or wait to run, alone. */
    public boolean hasTrials() {
        return trials.areOn();
    }

    /** What must be committed before the suspect runs. */
    public Map<LogPartition, OffsetCommit> trialCommits(Task suspect, long brokerMillis) {
        ledger.tryAlone(suspect.record());
        return ledger.allCommits(brokerMillis);
    }

    public void beginTrial() {
        trials.begin();
    }

    /** Tasks that have waited while suspects ran alone, and are to be served now. */
    public List<Task> released() {
        return trials.released();
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
        Set<LogPartition> pause = new HashSet<>();
        Set<LogPartition> resume = new HashSet<>();
        for (LogPartition partition : assigned) {
            boolean isHeld = held.contains(lane(partition)) || !ledger.owns(partition);
            if (isHeld && paused.add(partition)) {
                pause.add(partition);
            } else if (!isHeld && paused.remove(partition)) {
                resume.add(partition);
            }
        }
        return new Flow(pause, resume);
    }

    /**
     * Offsets to commit, once in each commit interval; otherwise empty.
     *
     * @param positions the offset that the consumer reads next, where it is known
     */
    public Optional<Map<LogPartition, OffsetCommit>> commitsDue(
            long nowNanos, long brokerMillis, Function<LogPartition, OptionalLong> positions) {
        if (nowNanos - committedNanos < bounds.commitInterval().toNanos()) {
            return Optional.empty();
        }
        committedNanos = nowNanos;
        ledger.reach(positions);
        if (nowNanos - renewedNanos < RENEWAL_NANOS) {
            return Optional.of(ledger.movedCommits(brokerMillis));
        }
        renewedNanos = nowNanos;
        return Optional.of(ledger.allCommits(brokerMillis));
    }

    /** How long to wait for records while no request is open. All partitions are committed in time. */
    public Duration idlePoll(long nowNanos) {
        Duration renewal = Duration.ofNanos(RENEWAL_NANOS - (nowNanos - renewedNanos))
                .plusMillis(1); // polls are cut to whole milliseconds
        Duration poll = renewal.compareTo(SHORTEST_IDLE_POLL) < 0 ? SHORTEST_IDLE_POLL : renewal;
        return poll.compareTo(bounds.idlePoll()) < 0 ? poll : bounds.idlePoll();
    }

    /** The offsets of all partitions, to commit now: to prove that they are still this worker's. */
    public Map<LogPartition, OffsetCommit> allCommits(long brokerMillis) {
        return ledger.allCommits(brokerMillis);
    }

    /** Offsets to commit before this worker leaves. */
    public Map<LogPartition, OffsetCommit> lastCommits(long brokerMillis) {
        return ledger.lastCommits(assigned, brokerMillis);
    }

    /** These partitions are about to go: their requests that wait here are left to the next owner. */
    public void giveBack(Collection<LogPartition> partitions) {
        trials.remove(partitions).forEach(task -> task.record().giveBack());
    }

    /** Whether no request of these partitions is open. */
    public boolean isSettled(Collection<LogPartition> partitions) {
        return ledger.isSettled(partitions);
    }

    /**
     * These partitions go to another worker, which waits for the last commit.
     *
     * @return the offsets to commit before they go
     */
    public Map<LogPartition, OffsetCommit> revoked(Collection<LogPartition> partitions, long brokerMillis) {
        Map<LogPartition, OffsetCommit> commits = ledger.lastCommits(partitions, brokerMillis);
        lost(partitions);
        return commits;
    }

    /** These partitions belong to another worker already, so nothing may be committed for them any more. */
    public void lost(Collection<LogPartition> partitions) {
        giveBack(partitions);
        assigned.removeAll(Set.copyOf(partitions));
        paused.removeAll(Set.copyOf(partitions));
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

    /** Begins to stop: takes nothing more, and waits for what is open. Suspects that wait to run alone are left to the next owner. */
    public void drain(long nowNanos) {
        draining = true;
        drainUntilNanos = nowNanos + bounds.drainTimeout().toNanos();
        trials.removeSuspects().forEach(task -> task.record().giveBack());
    }

    /** Whether draining has ended: no request is open any more, or the drain timeout is over. */
    public boolean isDrained(long nowNanos) {
        return draining && (ledger.openRequests() == 0 || nowNanos - drainUntilNanos >= 0);
    }

    /** Accepted requests that are not settled yet. */
    public int openRequests() {
        return ledger.openRequests();
    }

    /** The same of one lane, with their rows and bytes. */
    public OpenWork.Amount open(Lane lane) {
        return ledger.open(lane);
    }

    /** The oldest of them, by the broker's clock. */
    public Optional<AcceptedRecord> oldest(Lane lane) {
        return ledger.oldest(partition -> lane(partition) == lane);
    }
}
