package dev.penstock.model.onnx;

import dev.penstock.model.InferenceException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Direct memory that grows to need and is then used again: the runtime reads and writes it without a copy. */
final class ReusedBuffer {
    /** What ONNX Runtime's Java API takes as one buffer. */
    private static final long MOST_BYTES = Integer.MAX_VALUE - 64;

    private ByteBuffer buffer = ByteBuffer.allocateDirect(0);

    /** The first {@code bytes}, little-endian; what they held before is undefined. */
    ByteBuffer ofSize(long bytes) throws InferenceException {
        requireFits(bytes);
        if (buffer.capacity() < bytes) {
            // At least doubled, so that slowly growing batches do not leave a trail of garbage behind.
            buffer = allocate((int) Math.min(MOST_BYTES, Math.max(bytes, 2L * buffer.capacity())));
        }
        return buffer.slice(0, (int) bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** @throws InferenceException when no buffer can hold a tensor of that size */
    static void requireFits(long bytes) throws InferenceException {
        if (bytes > MOST_BYTES) {
            throw new InferenceException(
                    InferenceException.Kind.OUT_OF_MEMORY,
                    "a tensor of " + bytes + " bytes is over the limit of " + MOST_BYTES);
        }
    }

    private static ByteBuffer allocate(int bytes) throws InferenceException {
        try {
            return ByteBuffer.allocateDirect(bytes);
        } catch (OutOfMemoryError e) {
            // Of direct memory only: the heap is fine, and a smaller batch may fit.
            throw new InferenceException(
                    InferenceException.Kind.OUT_OF_MEMORY,
                    "no direct memory for " + bytes + " bytes: " + e.getMessage());
        }
    }
}
