package dev.penstock.zoo.reference;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * A named tensor.
 *
 * @param shape the dimensions; empty for a scalar
 * @param data row-major, little-endian; strings as a uint32 length followed by that many bytes
 */
public record Value(String name, ElementType type, List<Long> shape, ByteBuffer data) {

    public Value {
        shape = List.copyOf(shape);
        data = data.slice().order(ByteOrder.LITTLE_ENDIAN);
    }

    public int elements() {
        return elements(shape);
    }

    static int elements(List<Long> shape) {
        return Math.toIntExact(shape.stream().reduce(1L, Math::multiplyExact));
    }

    public Value named(String other) {
        return new Value(other, type, shape, data);
    }

    /** The same with the type that the model declares: NumPy has no BF16, so test data has it as UINT16. */
    Value declared(ElementType declared) {
        boolean isBf16 = declared == ElementType.BF16 && type == ElementType.UINT16;
        return isBf16 ? new Value(name, declared, shape, data) : this;
    }

    /** The number at an index of a tensor of numbers. A UINT64 above 2^63 is rounded. */
    public double number(int index) {
        return switch (type) {
            case BOOL, INT8 -> data.get(index);
            case UINT8 -> Byte.toUnsignedInt(data.get(index));
            case INT16 -> data.getShort(index * 2);
            case UINT16 -> Short.toUnsignedInt(data.getShort(index * 2));
            case INT32 -> data.getInt(index * 4);
            case UINT32 -> Integer.toUnsignedLong(data.getInt(index * 4));
            case INT64 -> data.getLong(index * 8);
            case UINT64 -> Double.parseDouble(Long.toUnsignedString(data.getLong(index * 8)));
            case FP16 -> Float.float16ToFloat(data.getShort(index * 2));
            case BF16 -> Float.intBitsToFloat(data.getShort(index * 2) << 16);
            case FP32 -> data.getFloat(index * 4);
            case FP64 -> data.getDouble(index * 8);
            case BYTES -> throw new IllegalStateException(name + " holds strings");
        };
    }

    /** The element at an index of a tensor of integers, in decimal. */
    public String integer(int index) {
        return switch (type) {
            case INT64 -> Long.toString(data.getLong(index * 8));
            case UINT64 -> Long.toUnsignedString(data.getLong(index * 8));
            default -> Long.toString((long) number(index));
        };
    }

    /** All elements of a tensor of strings. */
    public List<String> strings() {
        List<String> strings = new ArrayList<>();
        ByteBuffer rest = data.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        while (rest.hasRemaining()) {
            byte[] bytes = new byte[rest.getInt()];
            rest.get(bytes);
            strings.add(new String(bytes, UTF_8));
        }
        return strings;
    }

    public static Value ofStrings(String name, List<Long> shape, List<String> strings) {
        List<byte[]> encoded =
                strings.stream().map(each -> each.getBytes(UTF_8)).toList();
        ByteBuffer data = buffer(
                encoded.stream().mapToInt(each -> Integer.BYTES + each.length).sum());
        encoded.forEach(each -> data.putInt(each.length).put(each));
        return new Value(name, ElementType.BYTES, shape, data.flip());
    }

    /** Direct, since ONNX Runtime wants it so. */
    public static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    void write(DataOutputStream out) throws IOException {
        out.writeUTF(name);
        out.writeUTF(type.name());
        out.writeInt(shape.size());
        for (long dimension : shape) {
            out.writeLong(dimension);
        }
        byte[] bytes = new byte[data.remaining()];
        data.duplicate().get(bytes);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    static Value read(DataInputStream in) throws IOException {
        String name = in.readUTF();
        ElementType type = ElementType.valueOf(in.readUTF());
        List<Long> shape = new ArrayList<>();
        int rank = in.readInt();
        for (int i = 0; i < rank; i++) {
            shape.add(in.readLong());
        }
        byte[] bytes = in.readNBytes(in.readInt());
        return new Value(name, type, shape, ByteBuffer.wrap(bytes));
    }
}
