package dev.penstock.model.config;

import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import java.util.Map;

/**
 * How one request is padded into a batch, and cropped out of its results.
 *
 * @param batchKey requests with equal keys may share a batch
 * @param maxRows the row limit of batches with this key. A request with more rows runs alone
 * @param unpaddedOutputs by name, the shape of one unpadded row of each output that may be padded
 */
public record PaddingPlan(Object batchKey, int maxRows, Map<String, Shape> unpaddedOutputs) {

    public PaddingPlan {
        unpaddedOutputs = Map.copyOf(unpaddedOutputs);
        if (maxRows < 1) {
            throw new IllegalArgumentException("maxRows must be 1 or more, was " + maxRows);
        }
    }

    /** Removes the padding from the rows of this request in an output. */
    public Tensor crop(Tensor rows) {
        Shape own = unpaddedOutputs.get(rows.name());
        return own == null
                        || !isWithin(own, rows.shape())
                        || own.withRows(rows.shape().rows()).equals(rows.shape())
                ? rows
                : rows.cropped(own.withRows(rows.shape().rows()));
    }

    /** False if the model returned another shape than it declares. Such an output is not cropped. */
    private static boolean isWithin(Shape own, Shape padded) {
        boolean within = own.rank() == padded.rank();
        for (int i = 1; within && i < own.rank(); i++) {
            within = own.dimension(i) <= padded.dimension(i);
        }
        return within;
    }
}
