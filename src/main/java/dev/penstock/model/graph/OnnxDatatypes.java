package dev.penstock.model.graph;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.penstock.protocol.Datatype;
import java.util.Optional;

/** Maps ONNX element types to datatypes of the protocol. */
final class OnnxDatatypes {

    private OnnxDatatypes() {}

    /** Empty if the protocol has no such datatype, as for COMPLEX64. */
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
            case BFLOAT16 -> Optional.of(Datatype.BF16);
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
}
