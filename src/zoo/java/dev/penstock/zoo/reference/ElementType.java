package dev.penstock.zoo.reference;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.TensorInfo.OnnxTensorType;
import java.util.Optional;

/** The element types of tensors, under the names that the Open Inference Protocol gives them. */
public enum ElementType {
    BOOL(1, OnnxJavaType.BOOL, DataType.BOOL),
    INT8(1, OnnxJavaType.INT8, DataType.INT8),
    INT16(2, OnnxJavaType.INT16, DataType.INT16),
    INT32(4, OnnxJavaType.INT32, DataType.INT32),
    INT64(8, OnnxJavaType.INT64, DataType.INT64),
    UINT8(1, OnnxJavaType.UINT8, DataType.UINT8),
    UINT16(2, OnnxJavaType.UNKNOWN, DataType.UINT16),
    UINT32(4, OnnxJavaType.UNKNOWN, DataType.UINT32),
    UINT64(8, OnnxJavaType.UNKNOWN, DataType.UINT64),
    FP16(2, OnnxJavaType.FLOAT16, DataType.FLOAT16),
    BF16(2, OnnxJavaType.BFLOAT16, DataType.BFLOAT16),
    FP32(4, OnnxJavaType.FLOAT, DataType.FLOAT),
    FP64(8, OnnxJavaType.DOUBLE, DataType.DOUBLE),
    /** Each element is a little-endian uint32 length followed by that many bytes. */
    BYTES(0, OnnxJavaType.STRING, DataType.STRING);

    private final int byteSize;
    private final OnnxJavaType javaType;
    private final DataType onnxType;

    ElementType(int byteSize, OnnxJavaType javaType, DataType onnxType) {
        this.byteSize = byteSize;
        this.javaType = javaType;
        this.onnxType = onnxType;
    }

    /** The size of an element in bytes; 0 for {@link #BYTES}. */
    public int byteSize() {
        return byteSize;
    }

    public boolean isFloat() {
        return this == FP16 || this == BF16 || this == FP32 || this == FP64;
    }

    /** Empty if ONNX Runtime's Java API can make no tensor of this type. */
    Optional<OnnxJavaType> javaType() {
        return Optional.of(javaType).filter(type -> type != OnnxJavaType.UNKNOWN);
    }

    /** @param number of the element type in an ONNX file */
    static Optional<ElementType> ofOnnx(int number) {
        for (ElementType type : values()) {
            if (type.onnxType.getNumber() == number) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    static Optional<ElementType> ofRuntime(OnnxTensorType type) {
        String name = type.name().replace("ONNX_TENSOR_ELEMENT_DATA_TYPE_", "");
        for (ElementType each : values()) {
            if (each.onnxType.name().equals(name)) {
                return Optional.of(each);
            }
        }
        return Optional.empty();
    }
}
