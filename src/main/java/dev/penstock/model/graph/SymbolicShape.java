package dev.penstock.model.graph;

import dev.penstock.protocol.Shape;
import dev.penstock.protocol.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A declared shape with the names of its variable dimensions. Equal names mean equal sizes, so the shapes of outputs follow from the
 * shapes of inputs.
 *
 * @param names one per dimension: the name in the model, or {@code tensor.index} if it has none. Unused for fixed dimensions
 * @param rowAxis the dimension that counts rows, whatever its name; empty if none does
 */
public record SymbolicShape(Shape shape, List<String> names, OptionalInt rowAxis) {

    public SymbolicShape {
        names = List.copyOf(names);
        if (names.size() != shape.rank()) {
            throw new IllegalArgumentException("names must be " + shape.rank() + ", were " + names.size());
        }
    }

    /** The shape of a tensor whose dimensions have no names. */
    static SymbolicShape unnamed(TensorSpec spec) {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < spec.shape().rank(); i++) {
            names.add(spec.name() + "." + i);
        }
        return new SymbolicShape(spec.shape(), names, spec.rowAxis());
    }

    /** This shape with rows in another dimension, or without rows. The dimension becomes variable, whatever was declared. */
    SymbolicShape withRows(OptionalInt axis) {
        return new SymbolicShape(axis.isPresent() ? shape.with(axis.getAsInt(), Shape.VARIABLE) : shape, names, axis);
    }

    /** This shape as a run has shown it: with as many dimensions, and variable where another size ran. */
    SymbolicShape asRun(String tensor, Shape ran) {
        boolean isSameRank = ran.rank() == shape.rank();
        long[] dimensions = ran.toArray();
        List<String> ranNames = new ArrayList<>();
        for (int i = 0; i < dimensions.length; i++) {
            boolean isFixed = isSameRank && shape.dimension(i) == dimensions[i];
            dimensions[i] = isFixed ? dimensions[i] : Shape.VARIABLE;
            ranNames.add(isSameRank ? names.get(i) : tensor + "." + i);
        }
        OptionalInt axis = rowAxis.orElse(0) < dimensions.length ? rowAxis : OptionalInt.empty();
        return new SymbolicShape(Shape.of(dimensions), ranNames, axis);
    }

    /** The names of the variable dimensions, without the one that counts rows. */
    public List<String> variables() {
        List<String> variables = new ArrayList<>();
        for (int i = 0; i < shape.rank(); i++) {
            if (isVariable(i)) {
                variables.add(names.get(i));
            }
        }
        return variables;
    }

    private boolean isVariable(int index) {
        return shape.dimension(index) == Shape.VARIABLE && rowAxis.orElse(shape.rank()) != index;
    }

    /** Adds the sizes of the variable dimensions in {@code actual} to {@code sizes}. Returns the name of a dimension whose size conflicts. */
    public Optional<String> bind(Shape actual, Map<String, Long> sizes) {
        for (int i = 0; i < shape.rank(); i++) {
            if (isVariable(i)) {
                Long earlier = sizes.put(names.get(i), actual.dimension(i));
                if (earlier != null && earlier != actual.dimension(i)) {
                    return Optional.of(names.get(i));
                }
            }
        }
        return Optional.empty();
    }

    /** The shape for this number of rows and these sizes. Empty if a size is missing. */
    public Optional<Shape> resolve(long rows, Map<String, Long> sizes) {
        long[] dimensions = shape.toArray();
        if (rowAxis.isPresent()) {
            dimensions[rowAxis.getAsInt()] = rows;
        }
        for (int i = 0; i < dimensions.length; i++) {
            if (dimensions[i] == Shape.VARIABLE) {
                Long size = sizes.get(names.get(i));
                if (size == null) {
                    return Optional.empty();
                }
                dimensions[i] = size;
            }
        }
        return Optional.of(Shape.of(dimensions));
    }
}
