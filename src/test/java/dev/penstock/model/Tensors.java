package dev.penstock.model;

import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Converts Java values to tensors and back, for tests. */
public final class Tensors {

    private Tensors() {}

    public static Tensor floats(String name, Shape shape, float... values) {
        ByteBuffer data = buffer(values.length * Float.BYTES);
        data.asFloatBuffer().put(values);
        return new Tensor(name, Datatype.FP32, shape, data);
    }

    public static Tensor longs(String name, Shape shape, long... values) {
        ByteBuffer data = buffer(values.length * Long.BYTES);
        data.asLongBuffer().put(values);
        return new Tensor(name, Datatype.INT64, shape, data);
    }

    public static Tensor strings(String name, Shape shape, String... values) {
        byte[][] elements = new byte[values.length][];
        for (int i = 0; i < values.length; i++) {
            elements[i] = values[i].getBytes(StandardCharsets.UTF_8);
        }
        return byteStrings(name, shape, elements);
    }

    public static Tensor byteStrings(String name, Shape shape, byte[]... elements) {
        int size = 0;
        for (byte[] element : elements) {
            size += Integer.BYTES + element.length;
        }
        ByteBuffer data = buffer(size);
        for (byte[] element : elements) {
            data.putInt(element.length).put(element);
        }
        return new Tensor(name, Datatype.BYTES, shape, data.flip());
    }

    public static List<Float> floats(Tensor tensor) {
        List<Float> values = new ArrayList<>();
        for (int i = 0; i < tensor.shape().elements(); i++) {
            values.add(tensor.data().getFloat(i * Float.BYTES));
        }
        return values;
    }

    public static List<Long> longs(Tensor tensor) {
        List<Long> values = new ArrayList<>();
        for (int i = 0; i < tensor.shape().elements(); i++) {
            values.add(tensor.data().getLong(i * Long.BYTES));
        }
        return values;
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
