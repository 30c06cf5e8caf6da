package dev.penstock.worker.loop;

import dev.penstock.features.vector.FeatureQuality;
import dev.penstock.model.config.Fit;
import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Tensor;
import dev.penstock.worker.offsets.Origin;
import java.util.List;
import java.util.Optional;

/**
 * A request that can run.
 *
 * @param inputs in the signature's order
 * @param fit which batches it fits into
 * @param arrivalNanos when it arrived in the log, on this process's monotonic clock; likewise its deadline
 * @param features what the lookups of its features came to; empty when it needed none
 */
public record Task(
        Origin origin,
        Lane lane,
        InferenceRequest request,
        List<Tensor> inputs,
        Fit fit,
        long arrivalNanos,
        long deadlineNanos,
        Optional<Features> features) {

    /** How good its features are, and how long they took. */
    public record Features(FeatureQuality kind, long nanos) {}

    public Task(
            Origin origin,
            Lane lane,
            InferenceRequest request,
            List<Tensor> inputs,
            Fit fit,
            long arrivalNanos,
            long deadlineNanos) {
        this(origin, lane, request, inputs, fit, arrivalNanos, deadlineNanos, Optional.empty());
    }

    /** This task with the model's own inputs, now that its features are there. */
    public Task joined(List<Tensor> modelInputs, Fit fit, Features features) {
        return new Task(origin, lane, request, modelInputs, fit, arrivalNanos, deadlineNanos, Optional.of(features));
    }

    long featuresNanos() {
        return features.map(Features::nanos).orElse(0L);
    }

    /** What tasks must share to share a batch. */
    Object batchKey() {
        return fit.batchKey();
    }

    /** The most rows that its batch should have: fewer the longer they are. A task with more runs alone. */
    int maxRows() {
        return fit.maxRows();
    }

    public int rows() {
        return Math.toIntExact(inputs.getFirst().shape().rows());
    }
}
