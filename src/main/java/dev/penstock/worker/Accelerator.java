package dev.penstock.worker;

import dev.penstock.protocol.Tensor;
import java.util.List;
import java.util.function.Consumer;

/** Room for one batch at a time. A session has two of them, so that the next batch is assembled while one runs. */
interface Accelerator {

    /**
     * Takes a batch: for each request its inputs in the signature's order.
     *
     * @param done called once, from any thread
     */
    void start(List<List<Tensor>> requests, Consumer<Result> done);

    sealed interface Result {}

    /** @param outputs of all rows, in the signature's order; valid until the next start */
    record Ran(List<Tensor> outputs, long nanos) implements Result {}

    /** The run failed as a whole; one request may be to blame. */
    record Broke(String reason) implements Result {}
}
