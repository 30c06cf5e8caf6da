package dev.penstock.protocol;

import java.util.OptionalInt;

/**
 * The declaration of one input or output of a model. A request chooses the {@link Shape#VARIABLE} dimensions.
 *
 * @param rowAxis the dimension that counts rows. Empty if the tensor has none: all rows of a run share it, or the model is run one by one
 */
public record TensorSpec(String name, Datatype datatype, Shape shape, OptionalInt rowAxis) {

    public TensorSpec {
        if (rowAxis.isPresent() && (rowAxis.getAsInt() < 0 || rowAxis.getAsInt() >= shape.rank())) {
            throw new IllegalArgumentException("rowAxis of '" + name + "' must be in 0.." + (shape.rank() - 1)
                    + " for shape " + shape + ", was " + rowAxis.getAsInt());
        }
    }

    /** A tensor whose first dimension counts rows. */
    public TensorSpec(String name, Datatype datatype, Shape shape) {
        this(name, datatype, shape, OptionalInt.of(0));
    }

    public boolean hasRows() {
        return rowAxis.isPresent();
    }
}
