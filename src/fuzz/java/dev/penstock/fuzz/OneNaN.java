package dev.penstock.fuzz;

import dev.penstock.protocol.Bfloat16;
import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.InferenceResponse;
import dev.penstock.protocol.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** Makes all NaN of a message the same bits. There are many, and JSON has one. */
final class OneNaN {
    private OneNaN() {}

    static InferenceRequest in(InferenceRequest request) {
        return new InferenceRequest(
                request.id(), request.parameters(), in(request.inputs()), request.outputs(), request.binaryOutput());
    }

    static InferenceResponse in(InferenceResponse response) {
        return new InferenceResponse(
                response.modelName(),
                response.modelVersion(),
                response.id(),
                response.parameters(),
                in(response.outputs()));
    }

    private static List<Tensor> in(List<Tensor> tensors) {
        return tensors.stream().map(OneNaN::in).toList();
    }

    private static Tensor in(Tensor tensor) {
        if (!tensor.datatype().isFloat()) {
            return tensor;
        }
        ByteBuffer from = tensor.data().duplicate().order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer to = ByteBuffer.allocate(from.remaining()).order(ByteOrder.LITTLE_ENDIAN);
        while (from.hasRemaining()) {
            switch (tensor.datatype()) {
                case FP16 -> {
                    float value = Float.float16ToFloat(from.getShort());
                    to.putShort(Float.floatToFloat16(Float.isNaN(value) ? Float.NaN : value));
                }
                case BF16 -> to.putShort(Bfloat16.bits(Bfloat16.value(from.getShort())));
                case FP32 -> to.putInt(Float.floatToIntBits(from.getFloat()));
                default -> to.putLong(Double.doubleToLongBits(from.getDouble()));
            }
        }
        return new Tensor(tensor.name(), tensor.datatype(), tensor.shape(), to.flip());
    }
}
