package dev.penstock.model.onnx;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OnnxJavaType;
import dev.penstock.protocol.Datatype;
import java.util.Optional;

/** The types under which ONNX Runtime's Java API takes our datatypes. */
final class CarrierTypes {

    private CarrierTypes() {}

    /** The Java API cannot make tensors of these: their bytes go in as the signed type of the same width, see {@code UnsignedInputs}. */
    static boolean isCarriedAsSigned(Datatype datatype) {
        return signedTwin(datatype).isPresent();
    }

    static Optional<DataType> signedTwin(Datatype datatype) {
        return switch (datatype) {
            case UINT16 -> Optional.of(DataType.INT16);
            case UINT32 -> Optional.of(DataType.INT32);
            case UINT64 -> Optional.of(DataType.INT64);
            case BOOL, INT8, INT16, INT32, INT64, UINT8, FP16, FP32, FP64, BYTES -> Optional.empty();
        };
    }

    /** The type under which the Java API takes a buffer of this datatype. */
    static OnnxJavaType carrier(Datatype datatype) {
        return switch (datatype) {
            case BOOL -> OnnxJavaType.BOOL;
            case INT8 -> OnnxJavaType.INT8;
            case INT16, UINT16 -> OnnxJavaType.INT16;
            case INT32, UINT32 -> OnnxJavaType.INT32;
            case INT64, UINT64 -> OnnxJavaType.INT64;
            case UINT8 -> OnnxJavaType.UINT8;
            case FP16 -> OnnxJavaType.FLOAT16;
            case FP32 -> OnnxJavaType.FLOAT;
            case FP64 -> OnnxJavaType.DOUBLE;
            case BYTES -> OnnxJavaType.STRING;
        };
    }
}
