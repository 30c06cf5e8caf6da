package dev.penstock.simulation;

import dev.penstock.model.InferenceException.Kind;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import dev.penstock.worker.loop.Accelerator;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

/** A session with two slots. Runs one batch after the other, each for the time that the scenario's cost curve gives. */
final class SimulatedSession {
    private static final long ASSEMBLY_NANOS = 2_000;

    private final Simulation simulation;
    private final Deque<Batch> pending = new ArrayDeque<>();
    private boolean isRunning;

    SimulatedSession(Simulation simulation) {
        this.simulation = simulation;
    }

    List<Accelerator> slots() {
        return List.of(this::start, this::start);
    }

    private void start(Accelerator.Batch started, Consumer<Accelerator.Result> done) {
        List<Tensor> inputs = started.requests().stream().map(List::getFirst).toList();
        Batch batch = new Batch(inputs, started.latestStartNanos(), done);
        simulation.checkDispatch(batch.requests(simulation), batch.rows(), started.latestStartNanos());
        pending.add(batch);
        if (!isRunning) {
            runNext();
        }
    }

    private void runNext() {
        Batch batch = pending.poll();
        isRunning = batch != null;
        if (batch == null) {
            return;
        }
        long now = simulation.now();
        if (now - batch.latestStartNanos > 0) {
            batch.done.accept(new Accelerator.TooLate());
            runNext();
            return;
        }
        List<SimulatedRequest> members = batch.requests(simulation);
        simulation.checkStart(members, batch.rows());
        long nanos = simulation.runNanos(batch.rows());
        simulation.at(now + nanos, () -> {
            simulation.ran(batch.rows(), nanos);
            batch.done.accept(result(batch, members, nanos));
            runNext();
        });
    }

    private Accelerator.Result result(Batch batch, List<SimulatedRequest> members, long nanos) {
        if (batch.rows() > simulation.memoryRows()) {
            return new Accelerator.Broke(Kind.OUT_OF_MEMORY, "out of memory");
        }
        if (members.stream().anyMatch(request -> request.isBad)) {
            return new Accelerator.Broke(Kind.FAILED, "bad row");
        }
        return new Accelerator.Ran(List.of(batch.echo()), simulation.now() - nanos, nanos, ASSEMBLY_NANOS);
    }

    private record Batch(List<Tensor> inputs, long latestStartNanos, Consumer<Accelerator.Result> done) {

        int rows() {
            int rows = 0;
            for (Tensor input : inputs) {
                rows += (int) input.shape().rows();
            }
            return rows;
        }

        List<SimulatedRequest> requests(Simulation simulation) {
            List<SimulatedRequest> requests = new ArrayList<>(inputs.size());
            for (Tensor input : inputs) {
                requests.add(simulation.request(input.data().getInt(0)));
            }
            return requests;
        }

        /** The index of each row's request. */
        Tensor echo() {
            ByteBuffer data = ByteBuffer.allocate(rows() * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            for (Tensor input : inputs) {
                int width = input.data().limit() / (int) input.shape().rows();
                for (int row = 0; row < input.shape().rows(); row++) {
                    data.putInt(input.data().getInt(row * width));
                }
            }
            return new Tensor("y", Datatype.INT32, Shape.of(rows(), 1), data.flip());
        }
    }
}
