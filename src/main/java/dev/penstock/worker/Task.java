package dev.penstock.worker;

import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Tensor;
import java.util.List;

/**
 * A request that can run.
 *
 * @param inputs in the signature's order
 * @param batchKey what tasks must share to share a batch
 * @param arrivalNanos when it arrived in the log, on this process's monotonic clock; likewise its deadline
 */
record Task(
        Origin origin,
        Lane lane,
        InferenceRequest request,
        List<Tensor> inputs,
        Object batchKey,
        long arrivalNanos,
        long deadlineNanos) {

    int rows() {
        return Math.toIntExact(inputs.getFirst().shape().rows());
    }
}
