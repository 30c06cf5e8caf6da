package dev.penstock.model.graph;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;

/** The model that a worker runs to warm up: a product with a fixed matrix, FP32, of any number of rows. */
public final class TinyModel {
    private static final int IR_VERSION = 8;
    private static final int OPSET = 17;
    private static final String WEIGHTS = "weights";

    private TinyModel() {}

    /**
     * Returns the file's bytes.
     *
     * @param input has the shape [rows, columns]
     * @param output has the shape [rows, scores]
     */
    public static byte[] file(String input, int columns, String output, int scores) {
        TensorProto.Builder weights = TensorProto.newBuilder()
                .setName(WEIGHTS)
                .setDataType(DataType.FLOAT.getNumber())
                .addDims(columns)
                .addDims(scores);
        for (int i = 0; i < columns * scores; i++) {
            weights.addFloatData(i % scores / (float) scores);
        }
        return ModelProto.newBuilder()
                .setIrVersion(IR_VERSION)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(OPSET))
                .setGraph(GraphProto.newBuilder()
                        .setName("warm-up")
                        .addInitializer(weights)
                        .addInput(matrix(input, columns))
                        .addOutput(matrix(output, scores))
                        .addNode(NodeProto.newBuilder()
                                .setOpType("MatMul")
                                .addInput(input)
                                .addInput(WEIGHTS)
                                .addOutput(output)))
                .build()
                .toByteArray();
    }

    private static ValueInfoProto matrix(String name, int columns) {
        return ValueInfoProto.newBuilder()
                .setName(name)
                .setType(TypeProto.newBuilder()
                        .setTensorType(TypeProto.Tensor.newBuilder()
                                .setElemType(DataType.FLOAT.getNumber())
                                .setShape(TensorShapeProto.newBuilder()
                                        .addDim(Dimension.newBuilder().setDimParam("rows"))
                                        .addDim(Dimension.newBuilder().setDimValue(columns)))))
                .build();
    }
}
