package dev.penstock.protocol;

import java.nio.ByteBuffer;

/** Copies between row-major blocks of the same rank and different sizes. */
public final class Corners {
    private Corners() {}

    /**
     * Copies the elements that two blocks have in common when their first corners are laid on each other: pads where {@code to} is
     * larger, crops where it is smaller. The rest of {@code to} stays as it is.
     *
     * @param fromStart the byte at which the block begins, likewise {@code toStart}
     */
    public static void copy(
            ByteBuffer from,
            int fromStart,
            Shape fromShape,
            ByteBuffer to,
            int toStart,
            Shape toShape,
            int elementBytes) {
        // From this dimension on both are alike, so that a run of it is one copy.
        int alike = fromShape.rank();
        int runBytes = elementBytes;
        while (alike > 0 && fromShape.dimension(alike - 1) == toShape.dimension(alike - 1)) {
            alike--;
            runBytes *= Math.toIntExact(fromShape.dimension(alike));
        }
        if (alike == 0) {
            to.put(toStart, from, fromStart, runBytes);
            return;
        }
        copy(from, fromStart, fromShape, to, toStart, toShape, 0, alike - 1, runBytes);
    }

    private static void copy(
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
            copy(
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
