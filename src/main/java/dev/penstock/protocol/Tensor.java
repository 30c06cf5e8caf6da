package dev.penstock.protocol;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A named tensor whose data is its binary form, whatever door it came through: row-major, little-endian; {@link Datatype#BYTES}
 * elements as uint32 length and bytes. One form means that batching is copying and splitting is slicing.
 *
 * @param data from position 0 to its limit; never written to after construction. May be a view of a larger buffer
 */
public record Tensor(String name, Datatype datatype, Shape shape, ByteBuffer data) {

    public Tensor {
        if (!shape.isFixed()) {
            throw new IllegalArgumentException("shape of '" + name + "' must be fixed, was " + shape);
        }
        data = data.slice().order(ByteOrder.LITTLE_ENDIAN);
        if (datatype.isFixedSize() && data.limit() != Math.multiplyExact(shape.elements(), datatype.byteSize())) {
            throw new IllegalArgumentException("data of '" + name + "' must have " + shape.elements() + " elements of "
                    + datatype.byteSize() + " bytes, had " + data.limit() + " bytes");
        }
        if (!datatype.isFixedSize() && !holdsStrings(data, shape.elements())) {
            throw new IllegalArgumentException("data of '" + name + "' must be " + shape.elements()
                    + " strings, each a length and that many bytes");
        }
    }

    /** Whether BYTES data is exactly that many strings, each a length and so many bytes. */
    public static boolean holdsStrings(ByteBuffer data, long strings) {
        ByteBuffer rest = data.slice().order(ByteOrder.LITTLE_ENDIAN);
        for (long i = 0; i < strings; i++) {
            if (rest.remaining() < Integer.BYTES) {
                return false;
            }
            int length = rest.getInt();
            if (length < 0 || length > rest.remaining()) {
                return false;
            }
            rest.position(rest.position() + length);
        }
        return !rest.hasRemaining();
    }

    /** Whether BOOL data is all 0 and 1; runtimes take any other byte for something else each. */
    public static boolean holdsBooleans(ByteBuffer data) {
        for (int i = data.position(); i < data.limit(); i++) {
            if ((data.get(i) & ~1) != 0) {
                return false;
            }
        }
        return true;
    }

    /** A tensor of the rows {@code from} to {@code from + count}; shares the data. */
    public Tensor rows(long from, long count) {
        long rowElements = shape.rowElements();
        int start = offsetOfElement(0, 0, from * rowElements);
        int end = offsetOfElement(start, from * rowElements, (from + count) * rowElements);
        return new Tensor(name, datatype, shape.withRows(count), data.slice(start, end - start));
    }

    /** The first corner of that shape, copied; itself where it has that shape. Only of datatypes of a fixed size. */
    public Tensor cropped(Shape corner) {
        if (corner.equals(shape)) {
            return this;
        }
        int elementBytes = datatype.byteSize();
        ByteBuffer cropped = ByteBuffer.allocate(Math.toIntExact(Math.multiplyExact(corner.elements(), elementBytes)));
        Corners.copy(data, 0, shape, cropped, 0, corner, elementBytes);
        return new Tensor(name, datatype, corner, cropped);
    }

    /** The byte offset at which element {@code target} starts, given that element {@code known} starts at {@code offset}. */
    private int offsetOfElement(int offset, long known, long target) {
        if (datatype.isFixedSize()) {
            return Math.toIntExact(target * datatype.byteSize());
        }
        for (long element = known; element < target; element++) {
            offset += Integer.BYTES + data.getInt(offset);
        }
        return offset;
    }
}
