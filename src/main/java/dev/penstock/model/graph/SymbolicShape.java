package dev.penstock.model.graph;

import dev.penstock.protocol.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A declared shape with the names of its variable dimensions. Equal names mean equal sizes, so the shapes of outputs follow from the
 * shapes of inputs. The first dimension counts rows, whatever its name.
 *
 * @param names one per dimension: the name in the model, or {@code tensor.index} if it has none. Unused for fixed dimensions
 */
public record SymbolicShape(Shape shape, List<String> names) {

    public SymbolicShape {
        names = List.copyOf(names);
        if (names.size() != shape.rank()) {
            throw new IllegalArgumentException("names must be " + shape.rank() + ", were " + names.size());
        }
    }

    /** The names of the variable dimensions, without the first. */
    public List<String> variables() {
        List<String> variables = new ArrayList<>();
        for (int i = 1; i < shape.rank(); i++) {
            if (shape.dimension(i) == Shape.VARIABLE) {
                variables.add(names.get(i));
            }
        }
        return variables;
    }

    /** Adds the sizes of the variable dimensions in {@code actual} to {@code sizes}. Returns the name of a dimension whose size conflicts. */
    public Optional<String> bind(Shape actual, Map<String, Long> sizes) {
        for (int i = 1; i < shape.rank(); i++) {
            if (shape.dimension(i) == Shape.VARIABLE) {
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
        dimensions[0] = rows;
        for (int i = 1; i < dimensions.length; i++) {
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
