package dev.penstock.model;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.penstock.protocol.Datatype;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Small ONNX models for tests, built in memory. A dimension is a number, or a name when it is variable. */
public final class OnnxModels {

    private OnnxModels() {}

    /** x [batch, 3] → y [batch, 3], the same. */
    public static ModelProto identity(Datatype datatype) {
        DataType type = onnxType(datatype);
        return model(GraphProto.newBuilder()
                .addInput(value("x", type, "batch", 3))
                .addOutput(value("y", type, "batch", 3))
                .addNode(node("Identity", List.of("x"), "y")));
    }

    /** a [batch, 2] + b [batch, 2] → sum [batch, 2], FP32. */
    public static ModelProto addition() {
        return model(GraphProto.newBuilder()
                .addInput(value("a", DataType.FLOAT, "batch", 2))
                .addInput(value("b", DataType.FLOAT, "batch", 2))
                .addOutput(value("sum", DataType.FLOAT, "batch", 2))
                .addNode(node("Add", List.of("a", "b"), "sum")));
    }

    /** index [batch] INT64 → row [batch, 2] FP32 of the table {0, 1}, {10, 11}, {20, 21}. An index above 2 fails the whole run. */
    public static ModelProto lookup() {
        return model(GraphProto.newBuilder()
                .addInitializer(TensorProto.newBuilder()
                        .setName("table")
                        .setDataType(DataType.FLOAT.getNumber())
                        .addAllDims(List.of(3L, 2L))
                        .addAllFloatData(List.of(0f, 1f, 10f, 11f, 20f, 21f)))
                .addInput(value("index", DataType.INT64, "batch"))
                .addOutput(value("row", DataType.FLOAT, "batch", 2))
                .addNode(node("Gather", List.of("table", "index"), "row")));
    }

    /** x [batch] INT64 → rest [batch], x modulo −1. The smallest INT64 ends the process: the processor cannot divide it by −1. */
    public static ModelProto modulo() {
        return model(GraphProto.newBuilder()
                .addInitializer(TensorProto.newBuilder()
                        .setName("minus_one")
                        .setDataType(DataType.INT64.getNumber())
                        .addDims(1)
                        .addInt64Data(-1))
                .addInput(value("x", DataType.INT64, "batch"))
                .addOutput(value("rest", DataType.INT64, "batch"))
                .addNode(node("Mod", List.of("x", "minus_one"), "rest")));
    }

    /** ids and mask [batch, sequence] → masked [batch, sequence], their product, and total [batch], its sum; INT64. */
    public static ModelProto sequence() {
        return model(GraphProto.newBuilder()
                .addInitializer(TensorProto.newBuilder()
                        .setName("axes")
                        .setDataType(DataType.INT64.getNumber())
                        .addDims(1)
                        .addInt64Data(1))
                .addInput(value("ids", DataType.INT64, "batch", "sequence"))
                .addInput(value("mask", DataType.INT64, "batch", "sequence"))
                .addOutput(value("masked", DataType.INT64, "batch", "sequence"))
                .addOutput(value("total", DataType.INT64, "batch"))
                .addNode(node("Mul", List.of("ids", "mask"), "masked"))
                .addNode(node("ReduceSum", List.of("masked", "axes"), "total", integer("keepdims", 0))));
    }

    /** values and mask [batch, sequence] → mean [batch] of the values where the mask is 1; FP32. */
    public static ModelProto maskedMean() {
        return model(GraphProto.newBuilder()
                .addInitializer(TensorProto.newBuilder()
                        .setName("axes")
                        .setDataType(DataType.INT64.getNumber())
                        .addDims(1)
                        .addInt64Data(1))
                .addInput(value("values", DataType.FLOAT, "batch", "sequence"))
                .addInput(value("mask", DataType.FLOAT, "batch", "sequence"))
                .addOutput(value("mean", DataType.FLOAT, "batch"))
                .addNode(node("Mul", List.of("values", "mask"), "masked"))
                .addNode(node("ReduceSum", List.of("masked", "axes"), "sum", integer("keepdims", 0)))
                .addNode(node("ReduceSum", List.of("mask", "axes"), "count", integer("keepdims", 0)))
                .addNode(node("Div", List.of("sum", "count"), "mean")));
    }

    /** Declares y [batch, 3], but returns its input x [batch, width]. */
    public static ModelProto lyingAboutItsOutput() {
        return model(GraphProto.newBuilder()
                .addInput(value("x", DataType.FLOAT, "batch", "width"))
                .addOutput(value("y", DataType.FLOAT, "batch", 3))
                .addNode(node("Sigmoid", List.of("x"), "y")));
    }

    /** size [batch] INT64 → y, with as many FP32 zeros as the value of the only row. Memory use is unbounded. */
    public static ModelProto memoryHog() {
        return model(GraphProto.newBuilder()
                .addInput(value("size", DataType.INT64, "batch"))
                .addOutput(value("y", DataType.FLOAT, "rows"))
                .addNode(node("ConstantOfShape", List.of("size"), "y")));
    }

    /** turns [batch] INT64 → done [batch], the same, after as many loop iterations as the largest value. Each takes some microseconds. */
    public static ModelProto patience() {
        return patience(0);
    }

    /** The same with additional iterations, which also run during warm-up. */
    public static ModelProto patience(long more) {
        GraphProto turn = GraphProto.newBuilder()
                .setName("turn")
                .addInput(value("number", DataType.INT64))
                .addInput(value("goes_on", DataType.BOOL))
                .addInput(value("before", DataType.INT64, "batch"))
                .addOutput(value("still_goes_on", DataType.BOOL))
                .addOutput(value("after", DataType.INT64, "batch"))
                .addNode(node("Identity", List.of("goes_on"), "still_goes_on"))
                .addNode(node("Identity", List.of("before"), "after"))
                .build();
        return model(GraphProto.newBuilder()
                .addInitializer(TensorProto.newBuilder()
                        .setName("yes")
                        .setDataType(DataType.BOOL.getNumber())
                        .addInt32Data(1))
                .addInitializer(TensorProto.newBuilder()
                        .setName("more")
                        .setDataType(DataType.INT64.getNumber())
                        .addInt64Data(more))
                .addInput(value("turns", DataType.INT64, "batch"))
                .addOutput(value("done", DataType.INT64, "batch"))
                .addNode(node("ReduceMax", List.of("turns"), "asked", integer("keepdims", 0)))
                .addNode(node("Add", List.of("asked", "more"), "most"))
                .addNode(node(
                        "Loop",
                        List.of("most", "yes", "turns"),
                        "done",
                        AttributeProto.newBuilder()
                                .setName("body")
                                .setType(AttributeProto.AttributeType.GRAPH)
                                .setG(turn)
                                .build())));
    }

    /** x [1, 3]: a fixed batch dimension. */
    public static ModelProto fixedBatch() {
        return model(GraphProto.newBuilder()
                .addInput(value("x", DataType.FLOAT, 1, 3))
                .addOutput(value("y", DataType.FLOAT, 1, 3))
                .addNode(node("Identity", List.of("x"), "y")));
    }

    /** x [batch, 3] → y [batch, 3], the share of each number in its column. Rows depend on each other. */
    public static ModelProto shares() {
        return model(GraphProto.newBuilder()
                .addInput(value("x", DataType.FLOAT, "batch", 3))
                .addOutput(value("y", DataType.FLOAT, "batch", 3))
                .addNode(node(
                        "ReduceSum", List.of("x", "first"), "sum", integer("keepdims", 1)))
                .addNode(node("Div", List.of("x", "sum"), "y"))
                .addInitializer(TensorProto.newBuilder()
                        .setName("first")
                        .setDataType(DataType.INT64.getNumber())
                        .addDims(1)
                        .addInt64Data(0)));
    }

    /** x [batch, 2] and scale, a scalar → y [batch, 2], their product. */
    public static ModelProto scaled() {
        return model(GraphProto.newBuilder()
                .addInput(value("x", DataType.FLOAT, "batch", 2))
                .addInput(value("scale", DataType.FLOAT))
                .addOutput(value("y", DataType.FLOAT, "batch", 2))
                .addNode(node("Mul", List.of("x", "scale"), "y")));
    }

    /** x [batch, 4] → y [{@code rows}, 2], the places of its positive numbers. */
    public static ModelProto found(String rows) {
        return model(GraphProto.newBuilder()
                .addInput(value("x", DataType.FLOAT, "batch", 4))
                .addOutput(value("y", DataType.INT64, rows, 2))
                .addNode(node("Relu", List.of("x"), "positive"))
                .addNode(node("NonZero", List.of("positive"), "places"))
                .addNode(node("Transpose", List.of("places"), "y")));
    }

    /** Nothing → y [1], the number −1000. */
    public static ModelProto constant() {
        return model(GraphProto.newBuilder()
                .addInitializer(TensorProto.newBuilder()
                        .setName("thousand")
                        .setDataType(DataType.FLOAT.getNumber())
                        .addDims(1)
                        .addFloatData(1000f))
                .addOutput(value("y", DataType.FLOAT, 1))
                .addNode(node("Neg", List.of("thousand"), "y")));
    }

    /** Adds weights in another file. */
    public static ModelProto externalData() {
        return model(identityGraph().addInitializer(external("weights")));
    }

    /** Uses an operator that needs a native library. */
    public static ModelProto customOperator() {
        return model(identityGraph()
                .addNode(node("Decode", List.of("x"), "z").toBuilder()
                        .setDomain("com.example")
                        .setName("decoder")));
    }

    /** An FP32 identity graph, to be extended. */
    public static GraphProto.Builder identityGraph() {
        return identity(Datatype.FP32).getGraph().toBuilder();
    }

    public static TensorProto external(String name) {
        return TensorProto.newBuilder()
                .setName(name)
                .setDataType(DataType.FLOAT.getNumber())
                .addDims(1)
                .setDataLocation(TensorProto.DataLocation.EXTERNAL)
                .addExternalData(
                        StringStringEntryProto.newBuilder().setKey("location").setValue("../../etc/passwd"))
                .build();
    }

    public static ModelProto model(GraphProto.Builder graph) {
        return ModelProto.newBuilder()
                .setIrVersion(8)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
                .setGraph(graph.setName("graph"))
                .build();
    }

    public static ValueInfoProto value(String name, DataType type, Object... dimensions) {
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        for (Object dimension : dimensions) {
            if (dimension instanceof String variable) {
                shape.addDimBuilder().setDimParam(variable);
            } else {
                shape.addDimBuilder().setDimValue(((Number) dimension).longValue());
            }
        }
        return ValueInfoProto.newBuilder()
                .setName(name)
                .setType(TypeProto.newBuilder()
                        .setTensorType(TypeProto.Tensor.newBuilder()
                                .setElemType(type.getNumber())
                                .setShape(shape)))
                .build();
    }

    public static NodeProto node(String operator, List<String> inputs, String output, AttributeProto... attributes) {
        return NodeProto.newBuilder()
                .setOpType(operator)
                .addAllInput(inputs)
                .addOutput(output)
                .addAllAttribute(List.of(attributes))
                .build();
    }

    public static AttributeProto integer(String name, long value) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.INT)
                .setI(value)
                .build();
    }

    private static DataType onnxType(Datatype datatype) {
        return switch (datatype) {
            case FP16 -> DataType.FLOAT16;
            case FP32 -> DataType.FLOAT;
            case FP64 -> DataType.DOUBLE;
            case BYTES -> DataType.STRING;
            case BOOL, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64 -> DataType.valueOf(datatype.name());
        };
    }

    /** Writes a model into a repository folder and returns its file. */
    public static Path write(Path repository, String name, int version, ModelProto model) throws IOException {
        Path folder = Files.createDirectories(repository.resolve(name).resolve(Integer.toString(version)));
        return Files.write(folder.resolve("model.onnx"), model.toByteArray());
    }

    public static void writeConfig(Path repository, String name, String yaml) throws IOException {
        Files.writeString(Files.createDirectories(repository.resolve(name)).resolve("model.yaml"), yaml);
    }
}
