package dev.penstock.bench;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Random;

/**
 * A multilayer perceptron with random weights: {@code features} [-1, 256], two hidden layers of equal width with ReLU, {@code scores}
 * [-1, 2]. The wider the layers, the more a run is bound by memory bandwidth, which batching saves.
 */
final class GeneratedMlp {
    static final int FEATURES = 256;
    static final int SCORES = 2;
    private static final long SEED = 7;
    private static final int OPSET = 17;
    private static final int IR_VERSION = 8;

    private GeneratedMlp() {}

    /** Writes {@code folder/1/model.onnx} unless it exists. */
    static Path build(Path folder, int hidden) throws IOException {
        Path file = folder.resolve("1").resolve("model.onnx");
        if (!Files.exists(file)) {
            Files.createDirectories(file.resolveSibling("."));
            Path partial = Files.write(
                    file.resolveSibling("model.onnx.partial"), graph(hidden).toByteArray());
            Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
        }
        return file;
    }

    static ModelProto graph(int hidden) {
        Random random = new Random(SEED);
        return ModelProto.newBuilder()
                .setIrVersion(IR_VERSION)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(OPSET))
                .setProducerName("penstock")
                .setDocString("For benchmarks: 256-%d-%d-2, random weights of seed %d".formatted(hidden, hidden, SEED))
                .setGraph(GraphProto.newBuilder()
                        .setName("mlp")
                        .addInput(value("features", FEATURES))
                        .addOutput(value("scores", SCORES))
                        .addInitializer(weights("w1", FEATURES, hidden, random))
                        .addInitializer(biases("b1", hidden, random))
                        .addInitializer(weights("w2", hidden, hidden, random))
                        .addInitializer(biases("b2", hidden, random))
                        .addInitializer(weights("w3", hidden, SCORES, random))
                        .addInitializer(biases("b3", SCORES, random))
                        .addNode(node("Gemm", "sum1", "features", "w1", "b1"))
                        .addNode(node("Relu", "layer1", "sum1"))
                        .addNode(node("Gemm", "sum2", "layer1", "w2", "b2"))
                        .addNode(node("Relu", "layer2", "sum2"))
                        .addNode(node("Gemm", "scores", "layer2", "w3", "b3")))
                .build();
    }

    /** Random weights with He initialization (He et al., Delving Deep into Rectifiers, 2015), which keeps the scale across layers. */
    private static TensorProto weights(String name, int rows, int columns, Random random) {
        return tensor(name, List.of((long) rows, (long) columns), Math.sqrt(2.0 / rows), random);
    }

    private static TensorProto biases(String name, int size, Random random) {
        return tensor(name, List.of((long) size), 0.1, random);
    }

    private static TensorProto tensor(String name, List<Long> shape, double scale, Random random) {
        int elements = Math.toIntExact(shape.stream().reduce(1L, Math::multiplyExact));
        ByteBuffer data = ByteBuffer.allocate(elements * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        while (data.hasRemaining()) {
            data.putFloat((float) (random.nextGaussian() * scale));
        }
        return TensorProto.newBuilder()
                .setName(name)
                .setDataType(TensorProto.DataType.FLOAT.getNumber())
                .addAllDims(shape)
                .setRawData(ByteString.copyFrom(data.flip()))
                .build();
    }

    private static ValueInfoProto value(String name, int width) {
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        shape.addDimBuilder().setDimParam("batch");
        shape.addDimBuilder().setDimValue(width);
        return ValueInfoProto.newBuilder()
                .setName(name)
                .setType(TypeProto.newBuilder()
                        .setTensorType(TypeProto.Tensor.newBuilder()
                                .setElemType(TensorProto.DataType.FLOAT.getNumber())
                                .setShape(shape)))
                .build();
    }

    private static NodeProto node(String operator, String output, String... inputs) {
        return NodeProto.newBuilder()
                .setName(output)
                .setOpType(operator)
                .addAllInput(List.of(inputs))
                .addOutput(output)
                .build();
    }
}
