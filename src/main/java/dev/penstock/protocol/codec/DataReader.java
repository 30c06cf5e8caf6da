package dev.penstock.protocol.codec;

import dev.penstock.protocol.Bfloat16;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.NonFinite;
import dev.penstock.protocol.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Reads the {@code data} of one tensor from JSON directly into binary form. The JSON array may be flat or nested like the shape. */
final class DataReader {
    private static final int STRING_BYTES_EXPECTED = 8;

    private final JsonCursor json;
    private final Shape shape;
    private final Datatype datatype;
    private final int elements;
    private final boolean takesNonFinite;
    private int count;
    private ByteBuffer data = ByteBuffer.allocate(0);

    DataReader(JsonCursor json, Shape shape, Datatype datatype, NonFinite nonFinite) {
        this.json = json;
        this.shape = shape;
        this.datatype = datatype;
        this.takesNonFinite = nonFinite != NonFinite.REFUSED;
        this.elements = Math.toIntExact(shape.elements());
    }

    ByteBuffer read() throws InvalidRequestException {
        boolean more = json.open('[');
        // Each element takes at least two bytes of JSON: one character, and a comma or bracket. A shape that claims
        // more
        // elements than the body can hold is rejected before memory is allocated for it.
        if (elements > json.remaining() / 2) {
            throw wrongCount("fewer");
        }
        allocate(elements * (datatype.isFixedSize() ? datatype.byteSize() : STRING_BYTES_EXPECTED));
        if (more && shape.rank() > 1 && json.peek() == '[') {
            entries(0, true);
        } else {
            flat(more);
        }
        if (count < elements) {
            throw wrongCount("fewer");
        }
        return data.flip();
    }

    private void flat(boolean more) throws InvalidRequestException {
        for (; more; more = json.another('[')) {
            json.path().at(count);
            if (count == elements) {
                throw wrongCount("more");
            }
            element();
            count++;
        }
    }

    /** Reads the entries of an open array at nesting depth {@code level}. */
    private void entries(int level, boolean more) throws InvalidRequestException {
        boolean innermost = level == shape.rank() - 1;
        long expected = shape.dimension(level);
        long found = 0;
        for (; more; more = json.another('[')) {
            json.path().at(count);
            if (found++ == expected || innermost == (json.peek() == '[')) {
                throw json.invalid("must be flat or nested to match shape " + shape);
            }
            if (innermost) {
                element();
                count++;
            } else {
                entries(level + 1, json.open('['));
            }
        }
        if (found < expected) {
            json.path().at(count);
            throw json.invalid("must be flat or nested to match shape " + shape);
        }
    }

    private void element() throws InvalidRequestException {
        switch (datatype) {
            case FP32 -> data.putFloat(fp32());
            case FP64 -> data.putDouble(fp64());
            case FP16 -> data.putShort(fp16());
            case BF16 -> data.putShort(bf16());
            case BOOL -> data.put((byte) (json.bool() ? 1 : 0));
            case INT8 -> data.put((byte) integer(Byte.MIN_VALUE, Byte.MAX_VALUE));
            case INT16 -> data.putShort((short) integer(Short.MIN_VALUE, Short.MAX_VALUE));
            case INT32 -> data.putInt((int) integer(Integer.MIN_VALUE, Integer.MAX_VALUE));
            case INT64 -> data.putLong(integer(Long.MIN_VALUE, Long.MAX_VALUE));
            case UINT8 -> data.put((byte) integer(0, 0xff));
            case UINT16 -> data.putShort((short) integer(0, 0xffff));
            case UINT32 -> data.putInt((int) integer(0, 0xffff_ffffL));
            case UINT64 -> data.putLong(unsigned());
            case BYTES -> string();
        }
    }

    private float fp32() throws InvalidRequestException {
        JsonNumber number = floatingNumber();
        float value = number.floatValue();
        if (Float.isInfinite(value) && number.isFinite()) {
            throw outOfRange(number);
        }
        return value;
    }

    private double fp64() throws InvalidRequestException {
        JsonNumber number = floatingNumber();
        double value = number.doubleValue();
        if (Double.isInfinite(value) && number.isFinite()) {
            throw outOfRange(number);
        }
        return value;
    }

    private short fp16() throws InvalidRequestException {
        JsonNumber number = floatingNumber();
        short bits = number.halfBits();
        if (Float.isInfinite(Float.float16ToFloat(bits)) && number.isFinite()) {
            throw outOfRange(number);
        }
        return bits;
    }

    private short bf16() throws InvalidRequestException {
        JsonNumber number = floatingNumber();
        short bits = number.bfloatBits();
        if (Float.isInfinite(Bfloat16.value(bits)) && number.isFinite()) {
            throw outOfRange(number);
        }
        return bits;
    }

    private JsonNumber floatingNumber() throws InvalidRequestException {
        return takesNonFinite ? json.floatingNumber() : json.number();
    }

    private long integer(long min, long max) throws InvalidRequestException {
        JsonNumber number = wholeNumber();
        if (!number.fitsLong() || number.longValue() < min || number.longValue() > max) {
            throw outOfRange(number);
        }
        return number.longValue();
    }

    private long unsigned() throws InvalidRequestException {
        JsonNumber number = wholeNumber();
        if (!number.fitsUnsignedLong()) {
            throw outOfRange(number);
        }
        return number.unsignedLongValue();
    }

    private JsonNumber wholeNumber() throws InvalidRequestException {
        JsonNumber number = json.number();
        if (!number.isIntegral()) {
            throw json.invalid("must be an integer, was " + number);
        }
        return number;
    }

    private void string() throws InvalidRequestException {
        ByteBuffer string = json.stringBytes();
        int needed = Integer.BYTES + string.remaining();
        if (needed > data.remaining()) {
            ByteBuffer full = data.flip();
            allocate(Math.addExact(full.limit(), Math.max(full.limit(), needed)));
            data.put(full);
        }
        data.putInt(string.remaining()).put(string);
    }

    private void allocate(int bytes) {
        data = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private InvalidRequestException outOfRange(JsonNumber number) {
        return json.invalid("must be in the range of " + datatype + ", was " + number);
    }

    private InvalidRequestException wrongCount(String found) {
        json.path().at(FieldPath.NO_INDEX);
        return json.invalid("must have " + elements + " elements for shape " + shape + ", had " + found);
    }
}
