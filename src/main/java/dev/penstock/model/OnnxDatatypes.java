package dev.penstock.model;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OnnxJavaType;
import dev.penstock.protocol.Datatype;
import java.util.Optional;

/** What our datatypes are called in ONNX files and in ONNX Runtime's Java API. */
final class OnnxDatatypes {

    private OnnxDatatypes() {}

    /** Empty for those that the protocol has no name for, such as BFLOAT16. */
    static Optional<Datatype> fromOnnx(int elementType) {
        DataType type = DataType.forNumber(elementType);
        if (type == null) {
            return Optional.empty();
        }
        return switch (type) {
            case BOOL -> Optional.of(Datatype.BOOL);
            case INT8 -> Optional.of(Datatype.INT8);
            case INT16 -> Optional.of(Datatype.INT16);
            case INT32 -> Optional.of(Datatype.INT32);
            case INT64 -> Optional.of(Datatype.INT64);
            case UINT8 -> Optional.of(Datatype.UINT8);
            case UINT16 -> Optional.of(Datatype.UINT16);
            case UINT32 -> Optional.of(Datatype.UINT32);
            case UINT64 -> Optional.of(Datatype.UINT64);
            case FLOAT16 -> Optional.of(Datatype.FP16);
            case FLOAT -> Optional.of(Datatype.FP32);
            case DOUBLE -> Optional.of(Datatype.FP64);
            case STRING -> Optional.of(Datatype.BYTES);
            default -> Optional.empty();
        };
    }

    static String nameInOnnx(int elementType) {
        DataType type = DataType.forNumber(elementType);
        return type == null ? "number " + elementType : type.name();
    }

    /** The Java API cannot make tensors of these: their bytes go in as the signed type of the same width, see {@link UnsignedInputs}. */
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
