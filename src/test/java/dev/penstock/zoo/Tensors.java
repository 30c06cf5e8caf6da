package dev.penstock.zoo;

import dev.penstock.zoo.reference.ElementType;
import dev.penstock.zoo.reference.Value;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/** Tensors for tests of the zoo. */
public final class Tensors {
    private Tensors() {}

    /** An FP32 tensor of one dimension. */
    public static Value floats(String name, float... numbers) {
        ByteBuffer data = Value.buffer(numbers.length * Float.BYTES);
        for (float number : numbers) {
            data.putFloat(number);
        }
        return new Value(name, ElementType.FP32, List.of((long) numbers.length), data.flip());
    }

    /** An INT64 tensor of one dimension. */
    public static Value integers(String name, long... numbers) {
        ByteBuffer data = Value.buffer(numbers.length * Long.BYTES);
        Arrays.stream(numbers).forEach(data::putLong);
        return new Value(name, ElementType.INT64, List.of((long) numbers.length), data.flip());
    }
}
