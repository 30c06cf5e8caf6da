package dev.penstock.model.onnx;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OnnxJavaType;
import dev.penstock.protocol.Datatype;
import java.util.Optional;

/** The types that ONNX Runtime's Java API uses for the datatypes of the protocol. */
final class OrtTypes {

    private OrtTypes() {}

    /** Whether the Java API lacks this datatype. Its bytes are passed as the signed type of the same width; see {@link UnsignedInputRewrite}. */
    static boolean isPassedAsSigned(Datatype datatype) {
        return signedCounterpart(datatype).isPresent();
    }

    /** The signed ONNX type of the same width; empty if the Java API supports the datatype itself. */
    static Optional<DataType> signedCounterpart(Datatype datatype) {
        return switch (datatype) {
            case UINT16 -> Optional.of(DataType.INT16);
            case UINT32 -> Optional.of(DataType.INT32);
            case UINT64 -> Optional.of(DataType.INT64);
            case BOOL, INT8, INT16, INT32, INT64, UINT8, FP16, BF16, FP32, FP64, BYTES -> Optional.empty();
        };
    }

    /** The Java API type of a buffer with this datatype. */
    static OnnxJavaType javaType(Datatype datatype) {
        return switch (datatype) {
            case BOOL -> OnnxJavaType.BOOL;
            case INT8 -> OnnxJavaType.INT8;
            case INT16, UINT16 -> OnnxJavaType.INT16;
            case INT32, UINT32 -> OnnxJavaType.INT32;
            case INT64, UINT64 -> OnnxJavaType.INT64;
            case UINT8 -> OnnxJavaType.UINT8;
            case FP16 -> OnnxJavaType.FLOAT16;
            case BF16 -> OnnxJavaType.BFLOAT16;
            case FP32 -> OnnxJavaType.FLOAT;
            case FP64 -> OnnxJavaType.DOUBLE;
            case BYTES -> OnnxJavaType.STRING;
        };
    }
}
