package dev.penstock.samples;

import static dev.penstock.samples.GraphParts.integer;
import static dev.penstock.samples.GraphParts.matrix;
import static dev.penstock.samples.GraphParts.node;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.Set;
import java.util.stream.IntStream;
import org.tribuo.ONNXExportable;
import org.tribuo.classification.sgd.fm.FMClassificationModel;
import org.tribuo.math.la.DenseMatrix;
import org.tribuo.math.la.Tensor;

/**
 * Converts Tribuo's export of a factorization machine into a readable graph. Input: raw pixels. Outputs: the digit and the scores.
 *
 * <p>The score of a digit is {@code b + w·x + ½ Σ_f ((v_f·x)² − v_f²·x²)} (Rendle, Factorization Machines, 2010). Tribuo exports the
 * last term as one branch per digit, 75 nodes in all. Here the factors of all digits are stacked into one matrix product, which cuts the
 * run time to a third.
 */
final class DigitsGraph {
    private static final String LINEAR_WEIGHTS = "fm_linear_weights_0";
    private static final String BIASES = "fm_biases_0";

    private DigitsGraph() {}

    static ModelProto of(FMClassificationModel model, String provenance) {
        ModelProto exported = model.exportONNXModel("dev.penstock.samples", 1);
        return exported.toBuilder()
                .setGraph(graph(exported.getGraph(), model.getFactorsCopy()))
                .setDocString("Reads a handwritten digit from 8 x 8 pixels")
                .clearMetadataProps()
                .addMetadataProps(StringStringEntryProto.newBuilder()
                        .setKey(ONNXExportable.PROVENANCE_METADATA_FIELD)
                        .setValue(provenance))
                .build();
    }

    private static GraphProto graph(GraphProto exported, Tensor[] factors) {
        ValueInfoProto pixels =
                exported.getInput(0).toBuilder().setName("pixels").build();
        ValueInfoProto scores =
                exported.getOutput(0).toBuilder().setName("scores").build();
        GraphProto.Builder graph = GraphProto.newBuilder()
                .setName("digits")
                .addInput(pixels)
                .addOutput(digit(scores))
                .addOutput(scores);
        exported.getInitializerList().stream()
                .filter(initializer -> Set.of(LINEAR_WEIGHTS, BIASES).contains(initializer.getName()))
                .forEach(graph::addInitializer);
        addFactors(graph, factors);
        return graph.addNode(node("Mul", "x", "pixels", "pixel_scale"))
                .addNode(node("Gemm", "linear", "x", LINEAR_WEIGHTS, BIASES))
                .addNode(node("MatMul", "projections", "x", "factors"))
                .addNode(node("Mul", "squared_projections", "projections", "projections"))
                .addNode(node("MatMul", "all_pairs", "squared_projections", "half_for_each_digit"))
                .addNode(node("Mul", "squared_x", "x", "x"))
                .addNode(node("MatMul", "pairs_with_itself", "squared_x", "half_squared_factors"))
                .addNode(node("Sub", "pairs", "all_pairs", "pairs_with_itself"))
                .addNode(node("Add", "scores", "linear", "pairs"))
                .addNode(node("ArgMax", "digit", "scores").toBuilder()
                        .addAttribute(integer("axis", 1))
                        .addAttribute(integer("keepdims", 0)))
                .build();
    }

    private static void addFactors(GraphProto.Builder graph, Tensor[] factors) {
        DenseMatrix[] ofDigit = IntStream.range(0, factors.length)
                .mapToObj(d -> (DenseMatrix) factors[d])
                .toArray(DenseMatrix[]::new);
        int each = ofDigit[0].getDimension1Size();
        int all = ofDigit.length * each;
        graph.addInitializer(matrix("factors", DigitsTable.PIXELS, all, (p, c) -> ofDigit[c / each].get(c % each, p)))
                .addInitializer(matrix("half_for_each_digit", all, ofDigit.length, (r, d) -> r / each == d ? 0.5 : 0))
                .addInitializer(matrix("half_squared_factors", DigitsTable.PIXELS, ofDigit.length, (p, d) -> {
                    double sum = 0;
                    for (int f = 0; f < each; f++) {
                        sum += ofDigit[d].get(f, p) * ofDigit[d].get(f, p);
                    }
                    return sum / 2;
                }))
                .addInitializer(matrix("pixel_scale", 1, 1, (r, c) -> 1.0 / DigitsTable.FULL_INK));
    }

    private static ValueInfoProto digit(ValueInfoProto scores) {
        Dimension batch = scores.getType().getTensorType().getShape().getDim(0);
        ValueInfoProto.Builder digit = ValueInfoProto.newBuilder().setName("digit");
        digit.getTypeBuilder()
                .getTensorTypeBuilder()
                .setElemType(DataType.INT64.getNumber())
                .getShapeBuilder()
                .addDim(batch);
        return digit.build();
    }
}
