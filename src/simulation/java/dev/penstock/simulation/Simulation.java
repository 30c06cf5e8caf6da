package dev.penstock.simulation;

import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Tensor;
import dev.penstock.worker.accepted.LogPartition;
import dev.penstock.worker.loop.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;

/**
 * Runs workers on a virtual clock, with a simulated log and simulated accelerators. Intake rules, loop and batcher are those of
 * production, and the scenario's seed decides everything that happens. Invariants are checked at each event; see the {@code check}
 * methods and {@link SimulatedLog.Partition#commit}.
 */
final class Simulation {
    private static final long MOST_EVENTS_PER_REQUEST = 1000;
    private static final long MOVES_SALT = 0x5DEECE66DL;

    private final Scenario scenario;
    private final Observer observer;
    private final Random random;

    /** Separate from {@link #random}, so that moves change nothing else in a scenario. */
    private final Random movesRandom;

    private final SimulatedLog log;
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private final List<SimulatedRequest> requests = new ArrayList<>();
    private final List<SimulatedWorker> workers = new ArrayList<>();
    private final BulkFloor bulkFloor = new BulkFloor();
    private long now;
    private long sequence;
    private long busyNanos;

    /** Follows the events. */
    interface Observer {
        Observer NONE = new Observer() {};

        default void dispatched(long now, List<SimulatedRequest> members, int rows) {}

        default void replied(long now, SimulatedRequest request) {}

        default void arrived(long now, SimulatedRequest request) {}
    }

    Simulation(Scenario scenario, Observer observer) {
        this.scenario = scenario;
        this.observer = observer;
        this.random = new Random(scenario.seed());
        this.movesRandom = new Random(scenario.seed() ^ MOVES_SALT);
        this.log = new SimulatedLog(scenario.workers());
        for (int i = 0; i < scenario.workers(); i++) {
            SimulatedWorker worker = new SimulatedWorker(this, scenario);
            workers.add(worker);
            worker.assign(List.of(SimulatedLog.name(Lane.INTERACTIVE, i), SimulatedLog.name(Lane.BULK, i)));
        }
    }

    /** Runs until no event is left. By then every request must be answered, and every offset committed. */
    List<SimulatedRequest> run() {
        at(0, this::arrive);
        if (random.nextInt(4) == 0 && isSmall()) {
            at(
                    (long) (random.nextDouble() * 1e9 * scenario.requests() / scenario.rowsPerSecond()),
                    workers.getFirst()::drainLoop);
        }
        for (int i = 0; i < scenario.moves(); i++) {
            at((long) (movesRandom.nextDouble() * 1e9 * scenario.requests() / scenario.rowsPerSecond()), this::move);
        }
        long most = MOST_EVENTS_PER_REQUEST * scenario.requests();
        for (Event event = events.poll(); event != null; event = events.poll()) {
            now = event.at;
            event.action.run();
            require(most-- > 0, "time passes, and requests are not settled");
        }
        for (SimulatedRequest request : requests) {
            require(!request.outcome.isEmpty(), "a request was never answered", request.index);
        }
        for (SimulatedWorker worker : workers) {
            require(worker.openRequests() == 0, "a settled record is still open");
            require(worker.batcher.waitingRows() == 0, "a settled request still waits");
            worker.commitLast();
        }
        for (SimulatedLog.Partition partition : log.partitions()) {
            require(partition.committed() == partition.end(), "a settled record was not committed");
        }
        return requests;
    }

    long now() {
        return now;
    }

    SimulatedLog log() {
        return log;
    }

    long busyNanos() {
        return busyNanos;
    }

    void at(long nanos, Runnable action) {
        events.add(new Event(nanos, sequence++, action));
    }

    SimulatedRequest request(int index) {
        return requests.get(index);
    }

    /** Faults end before the last arrivals, so that the workers must recover. */
    private boolean isHealed() {
        return requests.size() > 0.8 * scenario.requests();
    }

    int memoryRows() {
        return isHealed() ? Integer.MAX_VALUE : scenario.faults().memoryRows();
    }

    long runNanos(int rows) {
        double noise = 1 + scenario.noise() * (2 * random.nextDouble() - 1);
        boolean isSlow = random.nextDouble() < scenario.faults().slowRuns() && !isHealed();
        return (long) (scenario.runNanos(rows) * noise * (isSlow ? 30 : 1));
    }

    private void arrive() {
        int rows = scenario.trace().rows(random);
        long timeout = (long) (scenario.timeoutNanos() * (0.2 + 0.8 * random.nextDouble()));
        SimulatedRequest request = new SimulatedRequest(
                requests.size(),
                random.nextDouble() < scenario.bulkShare() ? Lane.BULK : Lane.INTERACTIVE,
                random.nextInt(scenario.keys()),
                rows,
                random.nextDouble() < scenario.faults().badRequests(),
                now,
                now + timeout);
        requests.add(request);
        observer.arrived(now, request);
        SimulatedLog.Partition partition =
                log.partition(SimulatedLog.name(request.lane, random.nextInt(workers.size())));
        partition.append(request);
        partition.owner().wake();
        if (requests.size() < scenario.requests()) {
            double perSecond = scenario.rowsPerSecond() / scenario.trace().meanRows();
            long span = (long) Math.min(10e9, scenario.requests() * 1e9 / perSecond / 2);
            at(now + scenario.trace().gapNanos(random, perSecond, now, Math.max(1000, span)), this::arrive);
        }
    }

    /** A rebalance: one worker gives a partition to another, loses it, or leaves. */
    private void move() {
        List<SimulatedLog.Partition> partitions = log.partitions();
        SimulatedLog.Partition partition = partitions.get(movesRandom.nextInt(partitions.size()));
        SimulatedWorker owner = partition.owner();
        List<SimulatedWorker> others = othersThan(owner);
        if (owner.isLeaving() || others.isEmpty()) {
            return;
        }
        int kind = movesRandom.nextInt(4);
        if (kind == 0) {
            owner.leave();
            return;
        }
        if (kind == 1) {
            owner.lose(List.of(partition.name));
        } else {
            owner.revoke(List.of(partition.name));
        }
        others.get(movesRandom.nextInt(others.size())).assign(List.of(partition.name));
    }

    /** A worker has drained: its partitions go to the others. */
    void left(SimulatedWorker worker) {
        List<LogPartition> partitions = worker.partitions();
        worker.revoke(partitions);
        List<SimulatedWorker> others = othersThan(worker);
        for (LogPartition partition : partitions) {
            others.get(movesRandom.nextInt(others.size())).assign(List.of(partition));
        }
    }

    private List<SimulatedWorker> othersThan(SimulatedWorker worker) {
        return workers.stream()
                .filter(other -> !other.equals(worker) && !other.isLeaving())
                .toList();
    }

    /** A batch leaves the batcher. */
    void checkDispatch(List<SimulatedRequest> members, int rows, long latestStart) {
        require(rows <= scenario.maxBatchSize(), "a batch is over its ceiling", rows);
        boolean isFresh = false;
        for (SimulatedRequest member : members) {
            require(member.key == members.getFirst().key, "a batch mixes keys");
            require(latestStart <= member.deadlineNanos, "a batch may start after a member's deadline");
            isFresh |= !member.hasStarted;
        }
        if (isSmall()) {
            checkEarliestDeadlineFirst(members);
            boolean bulkWaits = false;
            for (SimulatedRequest each : requests) {
                bulkWaits |= each.lane == Lane.BULK && (each.isWaiting() || each.isInParts());
            }
            members.forEach(member -> member.hasStarted = true);
            if (isFresh) {
                bulkFloor.check(members, rows, bulkWaits, scenario.maxBatchSize());
            }
        }
        observer.dispatched(now, members, rows);
    }

    /** Some checks look at all requests for each batch. */
    private boolean isSmall() {
        return scenario.workers() == 1 && scenario.requests() <= 1000;
    }

    private void checkEarliestDeadlineFirst(List<SimulatedRequest> members) {
        for (Lane lane : Lane.values()) {
            long latest = Long.MIN_VALUE;
            for (SimulatedRequest member : members) {
                if (member.lane == lane && !member.hasStarted) {
                    latest = Math.max(latest, member.deadlineNanos);
                }
            }
            for (SimulatedRequest other : requests) {
                boolean isPassedOver = other.deadlineNanos < latest
                        && other.isWaiting()
                        && other.lane == lane
                        && other.key == members.getFirst().key
                        && !members.contains(other);
                require(!isPassedOver, "a request was passed over for one with a later deadline", other.index);
            }
        }
    }

    /** A batch begins to run. */
    void checkStart(List<SimulatedRequest> members, int rows) {
        for (SimulatedRequest member : members) {
            require(now <= member.deadlineNanos, "a request was started after its deadline", member.index);
        }
        for (SimulatedWorker worker : workers) {
            require(
                    worker.openRequests()
                            < scenario.maxOpen() + log.partitions().size() * SimulatedWorker.POLL_RECORDS,
                    "more requests are open than the limit allows");
        }
    }

    void ran(int rows, long nanos) {
        busyNanos += nanos;
    }

    void checkAnswer(Task task, Tensor outputs, int fromRow) {
        int index = Integer.parseInt(task.record().correlationId().toString());
        for (int row = fromRow; row < fromRow + task.rows(); row++) {
            require(
                    outputs.data().getInt(row * Integer.BYTES) == index,
                    "a row got the answer of another request",
                    index);
        }
    }

    /** A worker was lost while it ran this request alone, after one that can have taken it: it counts as the reason. */
    void rejected(SimulatedRequest request) {
        require(request.deliveries > 1, "a request was rejected that no worker had before", request.index);
        request.replies++;
        answered(request, "failed");
    }

    void replied(int index, String outcome) {
        SimulatedRequest request = requests.get(index);
        request.replies++;
        require(request.replies <= request.deliveries, "a request was answered twice", index);
        require(!request.isBad || !outcome.equals("succeeded"), "a request is bad and succeeded", index);
        require(request.isBad || !outcome.equals("failed") || memoryRows() < 1, "a good request failed", index);
        answered(request, outcome);
    }

    private void answered(SimulatedRequest request, String outcome) {
        if (!request.outcome.isEmpty()) {
            return; // delivered again after a rebalance; receivers keep the first outcome
        }
        request.outcome = outcome;
        request.repliedNanos = now;
        observer.replied(now, request);
    }

    void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError("%s, at %.3f ms".formatted(what, now / 1e6));
        }
    }

    void require(boolean holds, String what, int which) {
        if (!holds) {
            require(false, what + " (" + which + ")");
        }
    }

    /** While bulk work waits, it gets its share of the rows, within the tolerance of a few batches. */
    private final class BulkFloor {
        private double owed;

        void check(List<SimulatedRequest> members, int rows, boolean bulkWaits, int maxBatchSize) {
            int bulkRows = 0;
            for (SimulatedRequest member : members) {
                bulkRows += member.lane == Lane.BULK ? Math.min(rows, member.rows) : 0;
            }
            // Rows beyond its share count against it, up to one batch.
            owed = bulkWaits ? Math.max(-maxBatchSize, owed + 0.05 * rows - bulkRows) : 0;
            require(owed <= 2 + 0.05 * 3 * maxBatchSize, "bulk work waits, and gets less than its floor");
        }
    }

    private record Event(long at, long sequence, Runnable action) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(at, other.at);
            return byTime != 0 ? byTime : Long.compare(sequence, other.sequence);
        }
    }
}
