package dev.penstock.samples;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.ValueInfoProto;

/** Builders for tensors, nodes and inputs of the sample graphs. */
final class GraphParts {
    private GraphParts() {}

    @FunctionalInterface
    interface Cell {
        double at(int row, int column);
    }

    static TensorProto matrix(String name, int rows, int columns, Cell cell) {
        TensorProto.Builder matrix = TensorProto.newBuilder()
                .setName(name)
                .setDataType(TensorProto.DataType.FLOAT.getNumber())
                .addDims(rows)
                .addDims(columns);
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                matrix.addFloatData((float) cell.at(row, column));
            }
        }
        return matrix.build();
    }

    static TensorProto integers(String name, long... values) {
        TensorProto.Builder integers = TensorProto.newBuilder()
                .setName(name)
                .setDataType(TensorProto.DataType.INT64.getNumber())
                .addDims(values.length);
        for (long each : values) {
            integers.addInt64Data(each);
        }
        return integers.build();
    }

    static NodeProto node(String operator, String output, String... inputs) {
        NodeProto.Builder node =
                NodeProto.newBuilder().setName(output).setOpType(operator).addOutput(output);
        for (String input : inputs) {
            node.addInput(input);
        }
        return node.build();
    }

    static AttributeProto integer(String name, long value) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.INT)
                .setI(value)
                .build();
    }

    /** An input or output with a variable number of rows. */
    static ValueInfoProto rows(String name, TensorProto.DataType type, long... columns) {
        TensorShapeProto.Builder shape =
                TensorShapeProto.newBuilder().addDim(Dimension.newBuilder().setDimParam("batch"));
        for (long each : columns) {
            shape.addDim(Dimension.newBuilder().setDimValue(each));
        }
        ValueInfoProto.Builder value = ValueInfoProto.newBuilder().setName(name);
        value.getTypeBuilder()
                .getTensorTypeBuilder()
                .setElemType(type.getNumber())
                .setShape(shape);
        return value.build();
    }
}
