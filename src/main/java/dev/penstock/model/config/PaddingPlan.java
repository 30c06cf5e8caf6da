package dev.penstock.model.config;

import dev.penstock.protocol.RowLayout;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import java.util.Map;
import java.util.OptionalInt;

/**
 * How one request is padded into a batch, and cropped out of its results.
 *
 * @param batchKey requests with equal keys may share a batch
 * @param maxRows the row limit of batches with this key. A request with more rows runs alone
 * @param unpaddedOutputs by name, the shape of one unpadded row of each output that may be padded
 * @param layout where the rows of the tensors are
 */
public record PaddingPlan(Object batchKey, int maxRows, Map<String, Shape> unpaddedOutputs, RowLayout layout) {

    public PaddingPlan {
        unpaddedOutputs = Map.copyOf(unpaddedOutputs);
        if (maxRows < 1) {
            throw new IllegalArgumentException("maxRows must be 1 or more, was " + maxRows);
        }
    }

    /** A plan for tensors whose first dimensions count rows. */
    public PaddingPlan(Object batchKey, int maxRows, Map<String, Shape> unpaddedOutputs) {
        this(batchKey, maxRows, unpaddedOutputs, RowLayout.LEADING);
    }

    /** The same plan for batches that also share more than the sizes. */
    PaddingPlan within(Object narrowerKey) {
        return new PaddingPlan(narrowerKey, maxRows, unpaddedOutputs, layout);
    }

    /**
     * The rows of this request in an output of a run, without the padding.
     *
     * @param index of the output in the signature
     */
    public Tensor output(int index, Tensor ofRun, int fromRow, int rows) {
        Tensor own = layout.outputRows(index, ofRun, fromRow, rows);
        Shape unpadded = unpaddedOutputs.get(own.name());
        if (unpadded == null || unpadded.rank() != own.shape().rank()) {
            return own;
        }
        OptionalInt axis = layout.outputAxis(index);
        Shape corner =
                axis.isPresent() ? unpadded.with(axis.getAsInt(), own.shape().dimension(axis.getAsInt())) : unpadded;
        return isWithin(corner, own.shape()) ? own.cropped(corner) : own;
    }

    /** False if the model returned another shape than it declares. Such an output is not cropped. */
    private static boolean isWithin(Shape corner, Shape padded) {
        boolean within = true;
        for (int i = 0; within && i < corner.rank(); i++) {
            within = corner.dimension(i) <= padded.dimension(i);
        }
        return within;
    }
}
