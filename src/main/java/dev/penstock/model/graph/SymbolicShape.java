package dev.penstock.model.graph;

import dev.penstock.protocol.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A declared shape together with the names of its variable dimensions: equal names mean equal sizes, so that an output's shape follows
 * from those of the inputs. The first dimension counts rows, whatever its name.
 *
 * @param names one for each dimension: the model's own name of it, or {@code tensor.index} where it has none; unused where fixed
 */
public record SymbolicShape(Shape shape, List<String> names) {

    public SymbolicShape {
        names = List.copyOf(names);
        if (names.size() != shape.rank()) {
            throw new IllegalArgumentException("names must be " + shape.rank() + ", were " + names.size());
        }
    }

    /** The names of the variable dimensions below the first. */
    public List<String> variables() {
        List<String> variables = new ArrayList<>();
        for (int i = 1; i < shape.rank(); i++) {
            if (shape.dimension(i) == Shape.VARIABLE) {
                variables.add(names.get(i));
            }
        }
        return variables;
    }

    /** Notes the sizes that {@code actual} gives to the variable dimensions. Answers the name of one that has another size already. */
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

    /** The shape for that many rows and these sizes; empty when it depends on a size that nobody bound. */
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
