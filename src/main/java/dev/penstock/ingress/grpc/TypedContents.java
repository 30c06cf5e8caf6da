package dev.penstock.ingress.grpc;

import com.google.protobuf.ByteString;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.InvalidRequestException;
import inference.GrpcService.InferTensorContents;
import inference.GrpcService.ModelInferRequest.InferInputTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/** The typed contents of one input, as the bytes of the binary form: little-endian, strings with their length before them. */
final class TypedContents {
    private final InferInputTensor input;
    private final InferTensorContents contents;
    private final int index;

    /** @param index of the input, for messages */
    TypedContents(InferInputTensor input, int index) {
        this.input = input;
        this.contents = input.getContents();
        this.index = index;
    }

    /** @throws InvalidRequestException when the values are in the list of another datatype, or out of range */
    ByteBuffer bytes() throws InvalidRequestException {
        Datatype datatype = Datatype.named(input.getDatatype()).orElse(null);
        if (datatype == null) {
            throw invalid(
                    "datatype",
                    "must be one of " + Arrays.toString(Datatype.values()) + ", was '" + input.getDatatype() + "'");
        }
        return switch (datatype) {
            case BOOL -> bools(contents.getBoolContentsList());
            case INT8 -> ints(Byte.MIN_VALUE, Byte.MAX_VALUE, 1);
            case INT16 -> ints(Short.MIN_VALUE, Short.MAX_VALUE, 2);
            case INT32 -> ints(Integer.MIN_VALUE, Integer.MAX_VALUE, 4);
            case UINT8 -> unsigned(0xff, 1);
            case UINT16 -> unsigned(0xffff, 2);
            case UINT32 -> unsigned(0xffff_ffffL, 4);
            case INT64 -> longs(contents.getInt64ContentsList());
            case UINT64 -> longs(contents.getUint64ContentsList());
            case FP32 -> floats(contents.getFp32ContentsList());
            case FP64 -> doubles(contents.getFp64ContentsList());
            case BYTES -> strings(contents.getBytesContentsList());
            case FP16, BF16 ->
                throw invalid(
                        "contents", "must be absent for " + datatype + ", which only raw_input_contents can hold");
        };
    }

    private ByteBuffer ints(int min, int max, int width) throws InvalidRequestException {
        List<Integer> values = contents.getIntContentsList();
        ByteBuffer bytes = allocate(values.size(), width);
        for (int value : values) {
            if (value < min || value > max) {
                throw outOfRange("int_contents", min, max, value);
            }
            put(bytes, value, width);
        }
        return bytes.flip();
    }

    private ByteBuffer unsigned(long max, int width) throws InvalidRequestException {
        List<Integer> values = contents.getUintContentsList();
        ByteBuffer bytes = allocate(values.size(), width);
        for (int value : values) {
            if (Integer.toUnsignedLong(value) > max) {
                throw outOfRange("uint_contents", 0, max, Integer.toUnsignedLong(value));
            }
            put(bytes, value, width);
        }
        return bytes.flip();
    }

    private static void put(ByteBuffer bytes, int value, int width) {
        switch (width) {
            case 1 -> bytes.put((byte) value);
            case 2 -> bytes.putShort((short) value);
            default -> bytes.putInt(value);
        }
    }

    private static ByteBuffer bools(List<Boolean> values) {
        ByteBuffer bytes = allocate(values.size(), 1);
        values.forEach(value -> bytes.put((byte) (value ? 1 : 0)));
        return bytes.flip();
    }

    private static ByteBuffer longs(List<Long> values) {
        ByteBuffer bytes = allocate(values.size(), Long.BYTES);
        values.forEach(bytes::putLong);
        return bytes.flip();
    }

    private static ByteBuffer floats(List<Float> values) {
        ByteBuffer bytes = allocate(values.size(), Float.BYTES);
        values.forEach(bytes::putFloat);
        return bytes.flip();
    }

    private static ByteBuffer doubles(List<Double> values) {
        ByteBuffer bytes = allocate(values.size(), Double.BYTES);
        values.forEach(bytes::putDouble);
        return bytes.flip();
    }

    private static ByteBuffer strings(List<ByteString> values) {
        long size = 0;
        for (ByteString value : values) {
            size += Integer.BYTES + value.size();
        }
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(size)).order(ByteOrder.LITTLE_ENDIAN);
        for (ByteString value : values) {
            bytes.putInt(value.size());
            value.copyTo(bytes);
        }
        return bytes.flip();
    }

    private static ByteBuffer allocate(int elements, int width) {
        return ByteBuffer.allocate(Math.multiplyExact(elements, width)).order(ByteOrder.LITTLE_ENDIAN);
    }

    private InvalidRequestException outOfRange(String list, long min, long max, long value) {
        return invalid(
                "contents." + list,
                "must be in " + min + ".." + max + " for " + input.getDatatype() + ", was " + value);
    }

    private InvalidRequestException invalid(String member, String rule) {
        return new InvalidRequestException("inputs[" + index + "]." + member, rule);
    }
}
