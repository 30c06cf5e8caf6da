package dev.penstock.worker.loop;

import dev.penstock.features.vector.FeatureQuality;
import dev.penstock.model.config.PaddingPlan;
import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Tensor;
import dev.penstock.tracing.RequestTrace;
import dev.penstock.worker.accepted.AcceptedRecord;
import java.util.List;
import java.util.Optional;

/**
 * A decoded request that can run.
 *
 * @param record the record that it came as; to be settled once
 * @param inputs in the signature's order
 * @param paddingPlan the batches that it may join, and its padding
 * @param arrivalNanos its arrival in the log, on this process's monotonic clock
 * @param deadlineNanos on the same clock
 * @param features the result of its feature lookups; empty when it needed none
 */
public record Task(
        AcceptedRecord record,
        Lane lane,
        InferenceRequest request,
        List<Tensor> inputs,
        PaddingPlan paddingPlan,
        long arrivalNanos,
        long deadlineNanos,
        Optional<Features> features) {

    /** The quality of its features, and how long the lookups took. */
    public record Features(FeatureQuality kind, long nanos) {}

    public Task(
            AcceptedRecord record,
            Lane lane,
            InferenceRequest request,
            List<Tensor> inputs,
            PaddingPlan paddingPlan,
            long arrivalNanos,
            long deadlineNanos) {
        this(record, lane, request, inputs, paddingPlan, arrivalNanos, deadlineNanos, Optional.empty());
    }

    /** This task with the model's own inputs, once its features are known. */
    public Task joined(List<Tensor> modelInputs, PaddingPlan paddingPlan, Features features) {
        return new Task(
                record, lane, request, modelInputs, paddingPlan, arrivalNanos, deadlineNanos, Optional.of(features));
    }

    public RequestTrace trace() {
        return record.source().trace();
    }

    long featuresNanos() {
        return features.map(Features::nanos).orElse(0L);
    }

    /** Tasks share a batch only when their keys are equal. */
    Object batchKey() {
        return paddingPlan.batchKey();
    }

    /** The most rows that its batch should have. The longer the rows, the fewer. */
    int maxRows() {
        return paddingPlan.maxRows();
    }

    public int rows() {
        return paddingPlan.layout().rows(inputs);
    }

    /** The inputs of some of its rows. */
    List<Tensor> inputRows(int from, int count) {
        return paddingPlan.layout().inputRows(inputs, from, count);
    }

    /**
     * Its part of an output of a run, without padding.
     *
     * @param index of the output in the signature
     */
    public Tensor output(int index, Tensor ofRun, int fromRow) {
        return paddingPlan.output(index, ofRun, fromRow, rows());
    }
}
