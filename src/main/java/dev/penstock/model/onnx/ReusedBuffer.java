package dev.penstock.model.onnx;

import dev.penstock.model.InferenceException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A direct buffer that grows on demand and is reused. The runtime reads and writes it without a copy. */
final class ReusedBuffer {
    /** The largest buffer that ONNX Runtime's Java API accepts. */
    private static final long MAX_BYTES = Integer.MAX_VALUE - 64;

    private ByteBuffer buffer = ByteBuffer.allocateDirect(0);

    /** The first {@code bytes} of the buffer, little-endian. Their content is undefined. */
    ByteBuffer ofSize(long bytes) throws InferenceException {
        requireFits(bytes);
        if (buffer.capacity() < bytes) {
            // At least doubles, so that slowly growing batches do not create garbage each time.
            buffer = allocate((int) Math.min(MAX_BYTES, Math.max(bytes, 2L * buffer.capacity())));
        }
        return buffer.slice(0, (int) bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** @throws InferenceException if no buffer can hold a tensor of this size */
    static void requireFits(long bytes) throws InferenceException {
        if (bytes > MAX_BYTES) {
            throw new InferenceException(
                    InferenceException.Kind.OUT_OF_MEMORY,
                    "a tensor must have at most " + MAX_BYTES + " bytes, has " + bytes);
        }
    }

    private static ByteBuffer allocate(int bytes) throws InferenceException {
        try {
            return ByteBuffer.allocateDirect(bytes);
        } catch (OutOfMemoryError e) {
            // Only direct memory is exhausted: the heap is fine, and a smaller batch may fit.
            throw new InferenceException(
                    InferenceException.Kind.OUT_OF_MEMORY,
                    "cannot allocate " + bytes + " bytes of direct memory: " + e.getMessage());
        }
    }
}
