package dev.penstock.model.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes tensors of the outputs of ZipMap nodes, which scikit-learn's converter adds to classifiers. Such a node turns each row of
 * probabilities into a map from label to probability. An Identity node takes its place, so the output keeps its name and is the tensor
 * [rows, labels]. The labels are constants of the node.
 */
public final class ZipMapRewrite {
    private static final String DOMAIN = "ai.onnx.ml";

    private final GraphProto graph;
    private final Map<String, List<String>> labels = new HashMap<>();

    private ZipMapRewrite(GraphProto graph) {
        this.graph = graph;
    }

    /** The model with its ZipMap outputs rewritten. */
    public static ModelProto rewrite(ModelProto model) {
        ZipMapRewrite rewrite = of(model.getGraph());
        return rewrite.labels.isEmpty()
                ? model
                : model.toBuilder().setGraph(rewrite.graph).build();
    }

    /** Whether {@link #rewrite} changes the model. */
    public static boolean isNeeded(ModelProto model) {
        return !of(model.getGraph()).labels.isEmpty();
    }

    static ZipMapRewrite of(GraphProto graph) {
        Map<String, Integer> zipMaps = new HashMap<>();
        for (int i = 0; i < graph.getNodeCount(); i++) {
            NodeProto node = graph.getNode(i);
            if (node.getOpType().equals("ZipMap") && node.getDomain().equals(DOMAIN) && node.getOutputCount() == 1) {
                zipMaps.put(node.getOutput(0), i);
            }
        }
        graph.getNodeList().forEach(node -> node.getInputList().forEach(zipMaps::remove)); // its maps are used
        if (zipMaps.isEmpty()) {
            return new ZipMapRewrite(graph);
        }
        GraphProto.Builder changed = graph.toBuilder();
        Map<String, List<String>> labels = new HashMap<>();
        for (ValueInfoProto.Builder output : changed.getOutputBuilderList()) {
            Integer zipMap = zipMaps.get(output.getName());
            if (zipMap != null) {
                List<String> ofOutput = labels(graph.getNode(zipMap));
                labels.put(output.getName(), ofOutput);
                changed.setNode(
                        zipMap,
                        graph.getNode(zipMap).toBuilder()
                                .setOpType("Identity")
                                .clearDomain()
                                .clearAttribute());
                output.setType(tensor(rows(graph), ofOutput.size()));
            }
        }
        ZipMapRewrite rewrite = new ZipMapRewrite(changed.build());
        rewrite.labels.putAll(labels);
        return rewrite;
    }

    GraphProto graph() {
        return graph;
    }

    /** The labels of an output's columns; empty if no ZipMap makes it. */
    List<String> labels(String output) {
        return labels.getOrDefault(output, List.of());
    }

    private static List<String> labels(NodeProto zipMap) {
        List<String> labels = new ArrayList<>();
        for (AttributeProto attribute : zipMap.getAttributeList()) {
            switch (attribute.getName()) {
                case "classlabels_strings" ->
                    attribute.getStringsList().stream()
                            .map(ByteString::toStringUtf8)
                            .forEach(labels::add);
                case "classlabels_int64s" -> attribute.getIntsList().forEach(label -> labels.add(Long.toString(label)));
                default -> {}
            }
        }
        return labels;
    }

    /** The dimension that counts rows: the first of the first input. */
    private static Dimension rows(GraphProto graph) {
        return graph.getInput(0).getType().getTensorType().getShape().getDimList().stream()
                .findFirst()
                .orElse(Dimension.newBuilder().setDimParam("rows").build());
    }

    private static TypeProto tensor(Dimension rows, int columns) {
        TypeProto.Builder type = TypeProto.newBuilder();
        type.getTensorTypeBuilder()
                .setElemType(DataType.FLOAT.getNumber())
                .getShapeBuilder()
                .addDim(rows)
                .addDim(Dimension.newBuilder().setDimValue(columns));
        return type.build();
    }
}
