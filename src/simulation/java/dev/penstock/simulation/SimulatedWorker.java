package dev.penstock.simulation;

import static java.util.Objects.requireNonNull;

import dev.penstock.batching.BatchPolicy;
import dev.penstock.batching.Batcher;
import dev.penstock.batching.CostModel;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.Timings;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Tensor;
import dev.penstock.worker.intake.Backpressure;
import dev.penstock.worker.loop.Accelerator;
import dev.penstock.worker.loop.Replies;
import dev.penstock.worker.loop.Task;
import dev.penstock.worker.loop.WorkerLoop;
import dev.penstock.worker.loop.WorkerMeters;
import dev.penstock.worker.offsets.OffsetLedger;
import dev.penstock.worker.offsets.OpenWork;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/** The real loop, batcher, ledger and backpressure of one worker, on simulated sessions and a simulated log. */
final class SimulatedWorker implements Replies {
    static final int POLL_RECORDS = 16;

    private static final long POLL_NANOS = 1_000_000;
    private static final WorkerMeters METERS = new WorkerMeters(new SimpleMeterRegistry(), "simulated");
    private static final Payload NOTHING = Payload.json(new byte[0]);

    final Batcher<Task> batcher;
    final OffsetLedger ledger = new OffsetLedger();
    private final Simulation simulation;
    private final WorkerLoop loop;
    private final Backpressure backpressure;
    private final Map<Lane, Deque<SimulatedRequest>> log = new EnumMap<>(Lane.class);
    private final Map<Lane, TopicPartition> partitions = new EnumMap<>(Lane.class);
    private long offset;
    private boolean pollIsDue;
    private long stepDueNanos = Long.MAX_VALUE;

    SimulatedWorker(Simulation simulation, Scenario scenario) {
        this.simulation = simulation;
        CostModel costs = new CostModel();
        for (int key = 0; key < scenario.keys(); key++) { // the warm-up
            costs.observe(key, 1, (long) scenario.runNanos(1));
            costs.observe(key, scenario.maxBatchSize(), (long) scenario.runNanos(scenario.maxBatchSize()));
        }
        this.batcher = new Batcher<>(
                new BatchPolicy(scenario.maxBatchSize(), scenario.window(), scenario.preferredSizes(), 0.05), costs);
        List<List<Accelerator>> sessions = new ArrayList<>();
        for (int i = 0; i < scenario.sessions(); i++) {
            sessions.add(new SimulatedSession(simulation).slots());
        }
        this.loop = new WorkerLoop(batcher, sessions, this, METERS, lost -> {}, () -> stepAt(simulation.now()));
        this.backpressure =
                new Backpressure(new OpenWork.Amount(scenario.maxOpen(), Integer.MAX_VALUE, Long.MAX_VALUE));
        for (Lane lane : Lane.values()) {
            log.put(lane, new ArrayDeque<>());
            partitions.put(lane, new TopicPartition(lane.label(), 0));
        }
    }

    void append(SimulatedRequest request) {
        log(request.lane).add(request);
        pollAfter(0);
    }

    void drain() {
        loop.drain();
    }

    int logged() {
        return log(Lane.INTERACTIVE).size() + log(Lane.BULK).size();
    }

    private Deque<SimulatedRequest> log(Lane lane) {
        return requireNonNull(log.get(lane));
    }

    private void pollAfter(long nanos) {
        if (!pollIsDue) {
            pollIsDue = true;
            simulation.at(simulation.now() + nanos, this::poll);
        }
    }

    private void poll() {
        pollIsDue = false;
        var held = backpressure.held(ledger.open(Lane.INTERACTIVE), ledger.open(Lane.BULK));
        for (Lane lane : Lane.values()) {
            for (int i = 0;
                    i < POLL_RECORDS && !held.contains(lane) && !log(lane).isEmpty();
                    i++) {
                take(log(lane).remove());
            }
        }
        ledger.takeCommittable();
        if (logged() > 0) {
            pollAfter(held.isEmpty() ? 0 : POLL_NANOS);
        }
    }

    private void take(SimulatedRequest request) {
        OffsetLedger.Position position =
                ledger.open(requireNonNull(partitions.get(request.lane)), request.lane, offset++, 100);
        Task task = request.task(position);
        position.holds(task.rows());
        request.isTaken = true;
        loop.offer(task);
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
        if (sleep != WorkerLoop.UNTIL_WOKEN) {
            stepAt(simulation.now() + sleep);
        }
    }

    @Override
    public Outcome outcome(Task task, List<Tensor> outputs, int fromRow) {
        simulation.checkAnswer(task, outputs.getFirst(), fromRow);
        return new Outcome.Succeeded(NOTHING);
    }

    @Override
    public void send(Task task, Outcome outcome, Timings timings) {
        task.origin().position().settle();
        simulation.replied(Integer.parseInt(task.origin().correlationId()), outcome.status());
    }
}
