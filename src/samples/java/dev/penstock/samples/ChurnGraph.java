package dev.penstock.samples;

import static dev.penstock.samples.GraphParts.integers;
import static dev.penstock.samples.GraphParts.matrix;
import static dev.penstock.samples.GraphParts.node;
import static dev.penstock.samples.GraphParts.rows;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import org.tribuo.ONNXExportable;
import org.tribuo.classification.Label;
import org.tribuo.classification.sgd.fm.FMClassificationModel;
import org.tribuo.math.la.DenseMatrix;
import org.tribuo.math.la.DenseVector;
import org.tribuo.math.la.Tensor;

/**
 * Builds the graph of a factorization machine with two classes. Input: the raw features of a customer. Outputs: one score, and whether it is
 * above 0.
 *
 * <p>Tribuo's model scores each class with {@code b + w·x + ½ Σ_f ((v_f·x)² − v_f²·x²)} (Rendle, Factorization Machines, 2010). The
 * graph computes the difference of the two scores directly.
 */
final class ChurnGraph {
    private static final int FEATURES = ChurnTable.FEATURES.size();

    private ChurnGraph() {}

    static ModelProto of(FMClassificationModel model, Standardisation standard, String provenance) {
        return model.exportONNXModel("dev.penstock.samples", 1).toBuilder()
                .setGraph(graph(model, standard))
                .setDocString("Tells whether a customer of a telephone company will leave")
                .clearMetadataProps()
                .addMetadataProps(StringStringEntryProto.newBuilder()
                        .setKey(ONNXExportable.PROVENANCE_METADATA_FIELD)
                        .setValue(provenance))
                .build();
    }

    private static GraphProto graph(FMClassificationModel model, Standardisation standard) {
        int leaves = model.getOutputIDInfo().getID(new Label(ChurnTraining.LEAVES));
        int stays = model.getOutputIDInfo().getID(new Label(ChurnTraining.STAYS));
        DenseMatrix weights = model.getLinearWeightsCopy();
        DenseVector biases = model.getBiasesCopy();
        Tensor[] factors = model.getFactorsCopy();
        DenseMatrix toLeave = (DenseMatrix) factors[leaves];
        DenseMatrix toStay = (DenseMatrix) factors[stays];
        int each = toLeave.getDimension1Size();
        return GraphProto.newBuilder()
                .setName("churn")
                .addInput(rows("customer", DataType.FLOAT, FEATURES))
                .addOutput(rows("leaves", DataType.BOOL))
                .addOutput(rows("score", DataType.FLOAT))
                .addInitializer(matrix("means", 1, FEATURES, (r, i) -> standard.mean(i)))
                .addInitializer(matrix("scales", 1, FEATURES, (r, i) -> 1 / standard.deviation(i)))
                .addInitializer(
                        matrix("weights", FEATURES, 1, (i, c) -> weights.get(leaves, i) - weights.get(stays, i)))
                .addInitializer(matrix("bias", 1, 1, (r, c) -> biases.get(leaves) - biases.get(stays)))
                .addInitializer(matrix(
                        "factors",
                        FEATURES,
                        2 * each,
                        (i, f) -> f < each ? toLeave.get(f, i) : toStay.get(f - each, i)))
                .addInitializer(matrix("half_for_and_against", 2 * each, 1, (f, c) -> f < each ? 0.5 : -0.5))
                .addInitializer(matrix(
                        "half_squared_factors", FEATURES, 1, (i, c) -> (squares(toLeave, i) - squares(toStay, i)) / 2))
                .addInitializer(matrix("zero", 1, 1, (r, c) -> 0))
                .addInitializer(integers("columns", 1))
                .addNode(node("Sub", "off_the_mean", "customer", "means"))
                .addNode(node("Mul", "x", "off_the_mean", "scales"))
                .addNode(node("Gemm", "linear", "x", "weights", "bias"))
                .addNode(node("MatMul", "projections", "x", "factors"))
                .addNode(node("Mul", "squared_projections", "projections", "projections"))
                .addNode(node("MatMul", "all_pairs", "squared_projections", "half_for_and_against"))
                .addNode(node("Mul", "squared_x", "x", "x"))
                .addNode(node("MatMul", "pairs_with_itself", "squared_x", "half_squared_factors"))
                .addNode(node("Sub", "pairs", "all_pairs", "pairs_with_itself"))
                .addNode(node("Add", "scores", "linear", "pairs"))
                .addNode(node("Greater", "over_zero", "scores", "zero"))
                .addNode(node("Squeeze", "score", "scores", "columns"))
                .addNode(node("Squeeze", "leaves", "over_zero", "columns"))
                .build();
    }

    private static double squares(DenseMatrix factors, int feature) {
        double sum = 0;
        for (int f = 0; f < factors.getDimension1Size(); f++) {
            sum += factors.get(f, feature) * factors.get(f, feature);
        }
        return sum;
    }
}
