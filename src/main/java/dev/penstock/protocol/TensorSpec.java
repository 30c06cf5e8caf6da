package dev.penstock.protocol;

import java.util.List;

/**
 * The declaration of one input or output of a model. A request chooses the {@link Shape#VARIABLE} dimensions.
 *
 * @param labels the names of the classes, one per entry of the last dimension; empty if the model does not tell
 */
public record TensorSpec(String name, Datatype datatype, Shape shape, List<String> labels) {

    public TensorSpec {
        labels = List.copyOf(labels);
    }

    /** A tensor without labels. */
    public TensorSpec(String name, Datatype datatype, Shape shape) {
        this(name, datatype, shape, List.of());
    }

    public TensorSpec withLabels(List<String> labels) {
        return new TensorSpec(name, datatype, shape, labels);
    }
}
