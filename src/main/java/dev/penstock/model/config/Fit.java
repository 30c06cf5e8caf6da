package dev.penstock.model.config;

import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import java.util.Map;

/**
 * How one request goes into a batch, and comes out of it.
 *
 * @param batchKey equal for requests that can share a batch
 * @param maxRows the most rows that a batch of this key should have; a request with more runs alone
 * @param ownOutputs of outputs that may come padded, the shape of one row without the padding, by name
 */
public record Fit(Object batchKey, int maxRows, Map<String, Shape> ownOutputs) {

    public Fit {
        ownOutputs = Map.copyOf(ownOutputs);
        if (maxRows < 1) {
            throw new IllegalArgumentException("maxRows must be 1 or more, was " + maxRows);
        }
    }

    /** This request's rows of an output as they would have come without padding. */
    public Tensor crop(Tensor rows) {
        Shape own = ownOutputs.get(rows.name());
        return own == null
                        || !isWithin(own, rows.shape())
                        || own.withRows(rows.shape().rows()).equals(rows.shape())
                ? rows
                : rows.cropped(own.withRows(rows.shape().rows()));
    }

    /** A model may give another shape than it declares: then there is nothing to go by. */
    private static boolean isWithin(Shape own, Shape padded) {
        boolean within = own.rank() == padded.rank();
        for (int i = 1; within && i < own.rank(); i++) {
            within = own.dimension(i) <= padded.dimension(i);
        }
        return within;
    }
}
