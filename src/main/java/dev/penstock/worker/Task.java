package dev.penstock.worker;

import dev.penstock.model.Fit;
import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Tensor;
import java.util.List;

/**
 * A request that can run.
 *
 * @param inputs in the signature's order
 * @param fit which batches it fits into
 * @param arrivalNanos when it arrived in the log, on this process's monotonic clock; likewise its deadline
 */
record Task(
        Origin origin,
        Lane lane,
        InferenceRequest request,
        List<Tensor> inputs,
        Fit fit,
        long arrivalNanos,
        long deadlineNanos) {

    /** What tasks must share to share a batch. */
    Object batchKey() {
        return fit.batchKey();
    }

    /** The most rows that its batch should have: fewer the longer they are. A task with more runs alone. */
    int maxRows() {
        return fit.maxRows();
    }

    int rows() {
        return Math.toIntExact(inputs.getFirst().shape().rows());
    }
}
