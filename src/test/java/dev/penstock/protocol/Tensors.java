package dev.penstock.protocol;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Tensors for tests. */
public final class Tensors {
    private Tensors() {}

    public static Tensor fp32(String name, Shape shape, float... values) {
        ByteBuffer data = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            data.putFloat(value);
        }
        return new Tensor(name, Datatype.FP32, shape, data.flip());
    }

    public static Tensor strings(String name, Shape shape, byte[]... values) {
        int size = 0;
        for (byte[] value : values) {
            size += Integer.BYTES + value.length;
        }
        ByteBuffer data = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        for (byte[] value : values) {
            data.putInt(value.length).put(value);
        }
        return new Tensor(name, Datatype.BYTES, shape, data.flip());
    }
}
