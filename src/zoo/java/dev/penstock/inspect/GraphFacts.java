package dev.penstock.inspect;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Message;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What stands in an ONNX file.
 *
 * @param producer the exporter and its version; may be empty
 * @param opsets the version of each set of operators, by domain
 * @param operators how often each operator occurs, subgraphs and functions included
 * @param weightBytes the size of all constants
 */
record GraphFacts(
        String producer, SortedMap<String, Long> opsets, SortedMap<String, Integer> operators, long weightBytes) {

    boolean has(String operator) {
        return operators.containsKey(operator);
    }

    /** Empty if the file is no ONNX model; the service says why. */
    static Optional<GraphFacts> read(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            CodedInputStream input = CodedInputStream.newInstance(in);
            input.setSizeLimit(Integer.MAX_VALUE);
            return Optional.of(of(ModelProto.parseFrom(input)));
        } catch (IOException unreadable) {
            return Optional.empty();
        }
    }

    private static GraphFacts of(ModelProto model) {
        Walk walk = new Walk();
        walk.graph(model.getGraph());
        model.getFunctionsList().forEach(function -> function.getNodeList().forEach(walk::node));
        SortedMap<String, Long> opsets = new TreeMap<>();
        model.getOpsetImportList()
                .forEach(set -> opsets.put(set.getDomain().isEmpty() ? "ai.onnx" : set.getDomain(), set.getVersion()));
        String producer = (model.getProducerName() + " " + model.getProducerVersion()).strip();
        return new GraphFacts(producer, opsets, walk.operators, walk.weightBytes);
    }

    private static final class Walk {
        private final SortedMap<String, Integer> operators = new TreeMap<>();
        private long weightBytes;

        private void graph(GraphProto graph) {
            graph.getInitializerList().forEach(this::tensor);
            graph.getSparseInitializerList().forEach(sparse -> tensor(sparse.getValues()));
            graph.getNodeList().forEach(this::node);
        }

        private void node(NodeProto node) {
            operators.merge(node.getOpType(), 1, Integer::sum);
            for (AttributeProto attribute : node.getAttributeList()) {
                // Trees and vocabularies are lists in attributes.
                weightBytes +=
                        (long) Float.BYTES * attribute.getFloatsCount() + (long) Long.BYTES * attribute.getIntsCount();
                if (attribute.hasT()) {
                    tensor(attribute.getT());
                }
                if (attribute.hasG()) {
                    graph(attribute.getG());
                }
                attribute.getGraphsList().forEach(this::graph);
            }
        }

        private void tensor(TensorProto tensor) {
            Map<String, String> external = tensor.getExternalDataList().stream()
                    .collect(Collectors.toMap(
                            StringStringEntryProto::getKey,
                            StringStringEntryProto::getValue,
                            (first, second) -> first));
            weightBytes += external.containsKey("length")
                    ? Long.parseLong(external.get("length"))
                    : ((Message) tensor).getSerializedSize();
        }
    }
}
