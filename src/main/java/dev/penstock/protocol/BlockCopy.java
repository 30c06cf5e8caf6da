package dev.penstock.protocol;

import java.nio.ByteBuffer;

/** Copies between row-major blocks of equal rank and different dimensions, as padding and cropping need. */
public final class BlockCopy {
    private BlockCopy() {}

    /**
     * Copies the elements whose indexes exist in both blocks. Pads where {@code to} is larger and crops where it is smaller. The other
     * elements of {@code to} are left unchanged.
     *
     * @param fromStart the byte offset at which the block starts in {@code from}; {@code toStart} is the same for {@code to}
     * @param fromShape fixed, with the rank of {@code toShape}
     * @param elementBytes the size of one element in bytes
     */
    public static void copyOverlap(
            ByteBuffer from,
            int fromStart,
            Shape fromShape,
            ByteBuffer to,
            int toStart,
            Shape toShape,
            int elementBytes) {
        // From this dimension on, both shapes are equal: a contiguous run, copied at once.
        int equalFrom = fromShape.rank();
        int runBytes = elementBytes;
        while (equalFrom > 0 && fromShape.dimension(equalFrom - 1) == toShape.dimension(equalFrom - 1)) {
            equalFrom--;
            runBytes *= Math.toIntExact(fromShape.dimension(equalFrom));
        }
        if (equalFrom == 0) {
            to.put(toStart, from, fromStart, runBytes);
            return;
        }
        copyOverlap(from, fromStart, fromShape, to, toStart, toShape, 0, equalFrom - 1, runBytes);
    }

    /** Repeats an element from {@code start} to {@code end}, which are a multiple of its size apart. Each copy doubles the filled part. */
    public static void fill(ByteBuffer to, int start, int end, byte[] element) {
        if (start == end) {
            return;
        }
        to.put(start, element);
        for (int filled = element.length; start + filled < end; filled *= 2) {
            to.put(start + filled, to, start, Math.min(filled, end - start - filled));
        }
    }

    private static void copyOverlap(
            ByteBuffer from,
            int fromStart,
            Shape fromShape,
            ByteBuffer to,
            int toStart,
            Shape toShape,
            int dimension,
            int last,
            int runBytes) {
        int common = Math.toIntExact(Math.min(fromShape.dimension(dimension), toShape.dimension(dimension)));
        if (dimension == last) {
            to.put(toStart, from, fromStart, common * runBytes);
            return;
        }
        int fromStride = stride(fromShape, dimension, last, runBytes);
        int toStride = stride(toShape, dimension, last, runBytes);
        for (int i = 0; i < common; i++) {
            copyOverlap(
                    from,
                    fromStart + i * fromStride,
                    fromShape,
                    to,
                    toStart + i * toStride,
                    toShape,
                    dimension + 1,
                    last,
                    runBytes);
        }
    }

    private static int stride(Shape shape, int dimension, int last, int runBytes) {
        int stride = runBytes;
        for (int i = dimension + 1; i <= last; i++) {
            stride *= Math.toIntExact(shape.dimension(i));
        }
        return stride;
    }
}
