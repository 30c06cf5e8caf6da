package dev.penstock.protocol;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A named tensor. Its data always has the binary form of the v2 protocol, whatever form the request had: row-major and
 * little-endian, {@link Datatype#BYTES} elements as a uint32 length followed by the bytes. So batching copies, and splitting slices.
 *
 * @param shape fixed
 * @param data from position 0 to its limit; never written after construction. May be a view of a larger buffer
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
                    + " strings, each a uint32 length followed by that many bytes");
        }
    }

    /** Whether BYTES data consists of exactly this many strings, each a uint32 length followed by that many bytes. */
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

    /** Whether BOOL data holds only the bytes 0 and 1. Runtimes disagree on the meaning of any other byte. */
    public static boolean holdsBooleans(ByteBuffer data) {
        for (int i = data.position(); i < data.limit(); i++) {
            if ((data.get(i) & ~1) != 0) {
                return false;
            }
        }
        return true;
    }

    /** The rows from {@code from} (inclusive) to {@code from + count} (exclusive), as a view of the same data. */
    public Tensor rows(long from, long count) {
        long rowElements = shape.rowElements();
        int start = offsetOfElement(0, 0, from * rowElements);
        int end = offsetOfElement(start, from * rowElements, (from + count) * rowElements);
        return new Tensor(name, datatype, shape.withRows(count), data.slice(start, end - start));
    }

    /** The same for any dimension that counts rows. A view if it is the first, otherwise a copy. BYTES have rows in the first only. */
    public Tensor rows(int axis, long from, long count) {
        if (axis == 0) {
            return rows(from, count);
        }
        int rowBytes = rowBytes(axis);
        int wholeBytes = Math.toIntExact(shape.dimension(axis) * rowBytes);
        Shape some = shape.with(axis, count);
        ByteBuffer copy = ByteBuffer.allocate(Math.toIntExact(some.elements() * datatype.byteSize()));
        for (int start = 0; wholeBytes > 0 && start < data.limit(); start += wholeBytes) {
            copy.put(data.slice(start + Math.toIntExact(from * rowBytes), Math.toIntExact(count * rowBytes)));
        }
        return new Tensor(name, datatype, some, copy.flip());
    }

    /** A copy of the pieces, one after the other in the dimension that counts rows. The pieces differ only in that dimension. */
    public static Tensor joined(int axis, List<Tensor> pieces) {
        long rows = 0;
        int bytes = 0;
        for (Tensor piece : pieces) {
            rows += piece.shape.dimension(axis);
            bytes = Math.addExact(bytes, piece.data.limit());
        }
        Tensor first = pieces.getFirst();
        ByteBuffer data = ByteBuffer.allocate(bytes);
        long blocks = 1;
        for (int i = 0; i < axis; i++) {
            blocks *= first.shape.dimension(i);
        }
        for (int block = 0; block < blocks; block++) {
            for (Tensor piece : pieces) {
                int blockBytes = Math.toIntExact(piece.data.limit() / blocks);
                data.put(piece.data.slice(block * blockBytes, blockBytes));
            }
        }
        return new Tensor(first.name, first.datatype, first.shape.with(axis, rows), data.flip());
    }

    private int rowBytes(int axis) {
        long bytes = datatype.byteSize();
        for (int i = axis + 1; i < shape.rank(); i++) {
            bytes *= shape.dimension(i);
        }
        return Math.toIntExact(bytes);
    }

    /**
     * Copies the leading block of shape {@code corner}. Returns this tensor if it has that shape. The datatype must have a fixed element
     * size.
     */
    public Tensor cropped(Shape corner) {
        if (corner.equals(shape)) {
            return this;
        }
        int elementBytes = datatype.byteSize();
        ByteBuffer cropped = ByteBuffer.allocate(Math.toIntExact(Math.multiplyExact(corner.elements(), elementBytes)));
        BlockCopy.copyOverlap(data, 0, shape, cropped, 0, corner, elementBytes);
        return new Tensor(name, datatype, corner, cropped);
    }

    /**
     * A copy with elements after the own ones in each dimension. Returns this tensor if it has that shape. The datatype must have a fixed
     * element size.
     *
     * @param place of the same rank, and no smaller in any dimension
     * @param element the bytes of one element of the padding
     */
    public Tensor padded(Shape place, byte[] element) {
        if (place.equals(shape)) {
            return this;
        }
        int bytes = Math.toIntExact(Math.multiplyExact(place.elements(), element.length));
        ByteBuffer padded = ByteBuffer.allocate(bytes);
        BlockCopy.fill(padded, 0, bytes, element);
        BlockCopy.copyOverlap(data, 0, shape, padded, 0, place, element.length);
        return new Tensor(name, datatype, place, padded);
    }

    /** The byte offset of element {@code target}, given that element {@code known} starts at {@code offset}. */
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
