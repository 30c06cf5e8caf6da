package dev.penstock.worker.loop;

import dev.penstock.model.InferenceException;
import dev.penstock.protocol.Tensor;
import dev.penstock.tracing.BatchTrace;
import java.util.List;
import java.util.function.Consumer;

/** Runs one batch at a time. A session has two of them, so that the next batch is assembled while one runs. */
public interface Accelerator {

    /**
     * Assembles a batch and runs it when the session is free.
     *
     * @param done called once, from any thread
     */
    void start(Batch batch, Consumer<Result> done);

    /**
     * A batch.
     *
     * @param requests the inputs of each request, in the signature's order
     * @param latestStartNanos it must not start to run later
     * @param latestEndNanos nobody waits for its outputs later
     */
    record Batch(List<List<Tensor>> requests, long latestStartNanos, long latestEndNanos, BatchTrace trace) {}

    sealed interface Result {}

    /**
     * @param outputs the outputs of all rows, in the signature's order; valid until the next start
     * @param startNanos when the run started
     * @param nanos the time of the run
     * @param assemblyNanos the time of copying the inputs before it
     */
    record Ran(List<Tensor> outputs, long startNanos, long nanos, long assemblyNanos) implements Result {}

    /** The run failed as a whole; a single request may be the cause. */
    record Broke(InferenceException.Kind kind, String reason) implements Result {}

    /** The batch did not run: its latest start passed, since the batch before took longer than expected. */
    record TooLate() implements Result {}
}
