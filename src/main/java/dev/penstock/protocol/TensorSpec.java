package dev.penstock.protocol;

import java.util.List;
import java.util.OptionalInt;

/**
 * The declaration of one input or output of a model. A request chooses the {@link Shape#VARIABLE} dimensions.
 *
 * @param rowAxis the dimension that counts rows. Empty if the tensor has none: all rows of a run share it, or the model is run one by one
 * @param labels the names of the classes, one per entry of the last dimension; empty if the model does not tell
 */
public record TensorSpec(String name, Datatype datatype, Shape shape, OptionalInt rowAxis, List<String> labels) {

    public TensorSpec {
        if (rowAxis.isPresent() && (rowAxis.getAsInt() < 0 || rowAxis.getAsInt() >= shape.rank())) {
            throw new IllegalArgumentException("rowAxis of '" + name + "' must be in 0.." + (shape.rank() - 1)
                    + " for shape " + shape + ", was " + rowAxis.getAsInt());
        }
        labels = List.copyOf(labels);
    }

    /** A tensor without labels. */
    public TensorSpec(String name, Datatype datatype, Shape shape, OptionalInt rowAxis) {
        this(name, datatype, shape, rowAxis, List.of());
    }

    /** A tensor without labels, whose first dimension counts rows. */
    public TensorSpec(String name, Datatype datatype, Shape shape) {
        this(name, datatype, shape, OptionalInt.of(0));
    }

    public TensorSpec withLabels(List<String> names) {
        return new TensorSpec(name, datatype, shape, rowAxis, names);
    }

    public TensorSpec withRows(Shape newShape, OptionalInt newAxis) {
        return new TensorSpec(name, datatype, newShape, newAxis, labels);
    }

    public boolean hasRows() {
        return rowAxis.isPresent();
    }
}
