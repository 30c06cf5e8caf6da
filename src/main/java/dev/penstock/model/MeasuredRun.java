package dev.penstock.model;

import dev.penstock.protocol.Shape;
import java.util.List;

/**
 * The measured duration of one run.
 *
 * @param inputs the shapes of the inputs, in signature order
 */
public record MeasuredRun(int rows, List<Shape> inputs, long nanos) {

    public MeasuredRun {
        inputs = List.copyOf(inputs);
    }
}
