package dev.penstock.model;

import dev.penstock.protocol.Shape;
import java.util.List;

/**
 * What a run took.
 *
 * @param inputs their shapes, in signature order
 */
public record MeasuredRun(int rows, List<Shape> inputs, long nanos) {

    public MeasuredRun {
        inputs = List.copyOf(inputs);
    }
}
