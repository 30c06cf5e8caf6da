package dev.penstock.simulation;

import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Tensor;
import dev.penstock.worker.loop.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;

/**
 * Workers on a virtual clock, with a simulated log and simulated accelerators: the same loop and batcher as in production, and all
 * that happens follows from the scenario's seed. What must never happen is checked as it would happen; see the {@code check} methods.
 */
final class Simulation {
    private static final long MOST_EVENTS_A_REQUEST = 1000;

    private final Scenario scenario;
    private final Observer observer;
    private final Random random;
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private final List<SimulatedRequest> requests = new ArrayList<>();
    private final List<SimulatedWorker> workers = new ArrayList<>();
    private final BulkFloor bulkFloor = new BulkFloor();
    private long now;
    private long sequence;
    private long busyNanos;

    /** Sees what happens. */
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
        for (int i = 0; i < scenario.workers(); i++) {
            workers.add(new SimulatedWorker(this, scenario));
        }
    }

    /** Runs to the end, when nothing is left to happen: then everything must be settled. */
    List<SimulatedRequest> run() {
        at(0, this::arrive);
        if (random.nextInt(4) == 0 && isSmall()) {
            at(
                    (long) (random.nextDouble() * 1e9 * scenario.requests() / scenario.rowsPerSecond()),
                    workers.getFirst()::drain);
        }
        long most = MOST_EVENTS_A_REQUEST * scenario.requests();
        for (Event event = events.poll(); event != null; event = events.poll()) {
            now = event.at;
            event.action.run();
            require(most-- > 0, "time passes and nothing is settled");
        }
        for (SimulatedRequest request : requests) {
            require(!request.outcome.isEmpty(), "a request was never answered", request.index);
        }
        for (SimulatedWorker worker : workers) {
            require(worker.ledger.openRequests() == 0, "what is settled must not be open");
            require(worker.batcher.waitingRows() == 0, "what is settled must not wait");
        }
        return requests;
    }

    long now() {
        return now;
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

    /** Trouble ends with the arrivals, so that the end must be reached. */
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
        workers.get(random.nextInt(workers.size())).append(request);
        if (requests.size() < scenario.requests()) {
            double perSecond = scenario.rowsPerSecond() / scenario.trace().meanRows();
            long span = (long) Math.min(10e9, scenario.requests() * 1e9 / perSecond / 2);
            at(now + scenario.trace().gapNanos(random, perSecond, now, Math.max(1000, span)), this::arrive);
        }
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
                    worker.ledger.openRequests() < scenario.maxOpen() + 2 * SimulatedWorker.POLL_RECORDS,
                    "more is open than may be");
        }
    }

    void ran(int rows, long nanos) {
        busyNanos += nanos;
    }

    void checkAnswer(Task task, Tensor outputs, int fromRow) {
        int index = Integer.parseInt(task.origin().correlationId());
        for (int row = fromRow; row < fromRow + task.rows(); row++) {
            require(outputs.data().getInt(row * Integer.BYTES) == index, "a row got another's answer", index);
        }
    }

    void replied(int index, String outcome) {
        SimulatedRequest request = requests.get(index);
        require(request.outcome.isEmpty(), "a request was answered twice", index);
        require(!request.isBad || !outcome.equals("succeeded"), "a request is bad and succeeded", index);
        require(request.isBad || !outcome.equals("failed") || memoryRows() < 1, "a good request failed", index);
        request.outcome = outcome;
        request.repliedNanos = now;
        observer.replied(now, request);
    }

    private void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError("%s, at %.3f ms".formatted(what, now / 1e6));
        }
    }

    private void require(boolean holds, String what, int which) {
        if (!holds) {
            require(false, what + " (" + which + ")");
        }
    }

    /** While bulk work waits, it gets its share of the rows, but for what a few batches are. */
    private final class BulkFloor {
        private double owed;

        void check(List<SimulatedRequest> members, int rows, boolean bulkWaits, int maxBatchSize) {
            int bulkRows = 0;
            for (SimulatedRequest member : members) {
                bulkRows += member.lane == Lane.BULK ? Math.min(rows, member.rows) : 0;
            }
            // What it had in excess may be made up for, up to a batch.
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
