package dev.penstock.zoo.reference;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Inputs that nobody gave: made up from the declaration, or other values for given ones. */
public final class MadeUp {
    /** For the variable dimensions of a model that nobody gave input for, in the order of trial: most models take the first. */
    public static final List<Integer> SIZES = List.of(8, 1, 16, 3, 32, 64, 224, 128, 320, 640, 48);

    /** The largest made-up integers, in the order of trial: token ids, then flags. */
    public static final List<Integer> MOST = List.of(100, 1, 0);

    private MadeUp() {}

    /**
     * A tensor of random numbers: floats in 0..1, integers in 0 to {@code most}.
     *
     * @param size of every variable dimension but the first
     */
    static Value value(DirectRun.Input input, int rows, int size, int most, long seed) {
        List<Long> shape = new ArrayList<>();
        for (int i = 0; i < input.shape().size(); i++) {
            long declared = input.shape().get(i);
            shape.add(declared >= 0 ? declared : i == 0 ? rows : size);
        }
        return value(input.name(), input.type(), shape, most, new Random(seed));
    }

    public static Value value(String name, ElementType type, List<Long> shape, int most, Random random) {
        int elements = Value.elements(shape);
        if (type == ElementType.BYTES) {
            return Value.ofStrings(
                    name,
                    shape,
                    IntStream.range(0, elements)
                            .mapToObj(i -> "text " + random.nextInt(10))
                            .toList());
        }
        ByteBuffer data = Value.buffer(elements * type.byteSize());
        for (int i = 0; i < elements; i++) {
            double number = type.isFloat() ? random.nextInt(1000) / 1000.0 : random.nextInt(most + 1);
            put(data, type, type == ElementType.BOOL ? random.nextInt(2) : number);
        }
        return new Value(name, type, shape, data.flip());
    }

    /** Zeros, and empty strings. */
    public static Value zeros(String name, ElementType type, List<Long> shape) {
        int elementBytes = type == ElementType.BYTES ? Integer.BYTES : type.byteSize();
        return new Value(name, type, shape, Value.buffer(Math.multiplyExact(Value.elements(shape), elementBytes)));
    }

    /**
     * Other values of the same type and shape: floats are scaled, and all but integers change places. Integers may be axes, sizes or
     * indexes, so they change places only if {@code withIntegers}.
     */
    static Value altered(Value value, int step, boolean withIntegers) {
        int elements = value.elements();
        if (elements == 0 || (!value.type().isFloat() && !withIntegers)) {
            return value;
        }
        if (value.type() == ElementType.BYTES) {
            List<String> strings = value.strings();
            return Value.ofStrings(
                    value.name(),
                    value.shape(),
                    IntStream.range(0, elements)
                            .mapToObj(i -> strings.get((i + step) % elements))
                            .toList());
        }
        ByteBuffer data = Value.buffer(value.data().remaining());
        for (int i = 0; i < elements; i++) {
            int from = (i + step) % elements;
            if (value.type().isFloat()) {
                put(data, value.type(), value.number(from) * (1 - step / 16.0));
            } else {
                int size = value.type().byteSize();
                data.put(value.data().slice(from * size, size));
            }
        }
        return new Value(value.name(), value.type(), value.shape(), data.flip());
    }

    /** As many rows as wanted: those of the value over and over. */
    static Value withRows(Value value, int rows) {
        long given = value.shape().getFirst();
        List<Long> shape = new ArrayList<>(value.shape());
        shape.set(0, (long) rows);
        if (value.type() == ElementType.BYTES) {
            List<String> strings = value.strings();
            return Value.ofStrings(
                    value.name(),
                    shape,
                    IntStream.range(0, Value.elements(shape))
                            .mapToObj(i -> strings.get(i % strings.size()))
                            .toList());
        }
        int rowBytes = Math.toIntExact(value.data().remaining() / given);
        ByteBuffer data = Value.buffer(Math.multiplyExact(rowBytes, rows));
        for (int row = 0; row < rows; row++) {
            data.put(value.data().slice(Math.toIntExact(row % given) * rowBytes, rowBytes));
        }
        return new Value(value.name(), value.type(), shape, data.flip());
    }

    private static void put(ByteBuffer data, ElementType type, double number) {
        switch (type) {
            case BOOL, INT8, UINT8 -> data.put((byte) number);
            case INT16, UINT16 -> data.putShort((short) number);
            case INT32, UINT32 -> data.putInt((int) number);
            case INT64, UINT64 -> data.putLong((long) number);
            case FP16 -> data.putShort(Float.floatToFloat16((float) number));
            case BF16 -> data.putShort((short) (Float.floatToIntBits((float) number) >>> 16));
            case FP32 -> data.putFloat((float) number);
            case FP64 -> data.putDouble(number);
            case BYTES -> throw new IllegalStateException("strings have no fixed size");
        }
    }
}
