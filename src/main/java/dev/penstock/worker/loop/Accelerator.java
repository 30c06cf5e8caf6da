package dev.penstock.worker.loop;

import dev.penstock.model.InferenceException;
import dev.penstock.protocol.Tensor;
import java.util.List;
import java.util.function.Consumer;

/** Room for one batch at a time. A session has two of them, so that the next batch is assembled while one runs. */
public interface Accelerator {

    /**
     * Takes a batch: for each request its inputs in the signature's order.
     *
     * @param latestStartNanos the batch must not begin to run after this
     * @param done called once, from any thread
     */
    void start(List<List<Tensor>> requests, long latestStartNanos, Consumer<Result> done);

    sealed interface Result {}

    /**
     * @param outputs of all rows, in the signature's order; valid until the next start
     * @param startNanos when the run began
     * @param nanos of the run
     * @param assemblyNanos of the copying before it
     */
    record Ran(List<Tensor> outputs, long startNanos, long nanos, long assemblyNanos) implements Result {}

    /** The run failed as a whole; one request may be to blame. */
    record Broke(InferenceException.Kind kind, String reason) implements Result {}

    /** What ran before took longer than expected, and the latest start has passed: the batch has not been run. */
    record TooLate() implements Result {}
}
