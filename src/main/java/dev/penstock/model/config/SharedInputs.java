package dev.penstock.model.config;

import dev.penstock.protocol.Sha256;
import dev.penstock.protocol.Tensor;
import java.nio.ByteBuffer;
import java.util.List;

/** The batch key of requests whose inputs without rows have the same bytes, such as a sampling rate or a threshold. */
record SharedInputs(Object sizes, List<Object> values) {
    /** Larger values are known by their hash: a key outlives its requests. */
    private static final int MOST_KEPT_BYTES = 64;

    static Object key(Object sizes, List<Tensor> shared) {
        return new SharedInputs(
                sizes, shared.stream().map(tensor -> value(tensor.data())).toList());
    }

    private static Object value(ByteBuffer data) {
        return data.limit() > MOST_KEPT_BYTES
                ? Sha256.hex(data)
                : ByteBuffer.allocate(data.limit()).put(data.duplicate()).flip();
    }
}
