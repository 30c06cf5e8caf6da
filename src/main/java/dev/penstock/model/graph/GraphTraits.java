package dev.penstock.model.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What the nodes of a model say about its rows, whatever its declared shapes are. Subgraphs and functions count too.
 *
 * @param countedByData operators whose number of results depends on the values, such as NonMaxSuppression
 * @param quantizedByData operators that choose the scale of all rows from the values of all rows, such as DynamicQuantizeLinear
 * @param random operators that draw random numbers
 * @param passedOn outputs that no node computes: they are inputs or constants. ONNX Runtime does not write them to a pinned tensor
 * @param words strings that the model knows, such as categories; at most {@value #MOST_WORDS}
 */
public record GraphTraits(
        Set<String> countedByData,
        Set<String> quantizedByData,
        Set<String> random,
        Set<String> passedOn,
        List<String> words) {
    static final GraphTraits NONE = new GraphTraits(Set.of(), Set.of(), Set.of(), Set.of(), List.of());

    private static final int MOST_WORDS = 64;
    private static final int MOST_CHARS = 64;

    /** The input of {@code Dropout} that says whether it trains. */
    private static final int TRAINING_MODE = 2;

    private static final Set<String> COUNTED_BY_DATA =
            Set.of("NonZero", "NonMaxSuppression", "Unique", "Compress", "StringSplit");
    private static final Set<String> QUANTIZED_BY_DATA =
            Set.of("DynamicQuantizeLinear", "DynamicQuantizeMatMul", "DynamicQuantizeLSTM");
    private static final String TRAINING_DROPOUT = "Dropout in training mode";
    private static final Set<String> RANDOM = Set.of(
            "RandomNormal",
            "RandomNormalLike",
            "RandomUniform",
            "RandomUniformLike",
            "Bernoulli",
            "Multinomial",
            TRAINING_DROPOUT);

    public GraphTraits {
        countedByData = Set.copyOf(countedByData);
        quantizedByData = Set.copyOf(quantizedByData);
        random = Set.copyOf(random);
        passedOn = Set.copyOf(passedOn);
        words = List.copyOf(words);
    }

    static GraphTraits of(ModelProto model) {
        Walk walk = new Walk();
        walk.graph(model.getGraph());
        for (FunctionProto function : model.getFunctionsList()) {
            walk.nodes(function.getNodeList());
        }
        return new GraphTraits(
                walk.found(COUNTED_BY_DATA),
                walk.found(QUANTIZED_BY_DATA),
                walk.found(RANDOM),
                passedOn(model.getGraph()),
                List.copyOf(walk.words));
    }

    private static Set<String> passedOn(GraphProto graph) {
        Set<String> passedOn = new HashSet<>();
        graph.getOutputList().forEach(output -> passedOn.add(output.getName()));
        graph.getNodeList().forEach(node -> node.getOutputList().forEach(passedOn::remove));
        return passedOn;
    }

    private static final class Walk {
        private final Set<String> operators = new TreeSet<>();
        private final Set<String> words = new TreeSet<>();
        private final Set<String> falseConstants = new HashSet<>();

        Set<String> found(Set<String> wanted) {
            Set<String> found = new TreeSet<>(operators);
            found.retainAll(wanted);
            return found;
        }

        void graph(GraphProto graph) {
            for (TensorProto initializer : graph.getInitializerList()) {
                tensor(initializer);
                constant(initializer.getName(), initializer);
            }
            nodes(graph.getNodeList());
        }

        void nodes(List<NodeProto> nodes) {
            for (NodeProto node : nodes) {
                operators.add(node.getOpType());
                if (isTrainingDropout(node)) {
                    operators.add(TRAINING_DROPOUT);
                }
                if (node.getOpType().equals("Constant") && node.getAttributeCount() > 0) {
                    constant(node.getOutput(0), node.getAttribute(0).getT());
                }
                node.getAttributeList().forEach(this::attribute);
            }
        }

        /** Its third input says whether it trains. Exports for inference leave it out, or set it to false. */
        private boolean isTrainingDropout(NodeProto node) {
            return node.getOpType().equals("Dropout")
                    && node.getInputCount() > TRAINING_MODE
                    && !node.getInput(TRAINING_MODE).isEmpty()
                    && !falseConstants.contains(node.getInput(TRAINING_MODE));
        }

        private void constant(String name, TensorProto value) {
            boolean isFalse = value.getRawData().size() == 1
                    ? value.getRawData().byteAt(0) == 0
                    : value.getInt32DataCount() == 1 && value.getInt32Data(0) == 0;
            if (value.getDataType() == TensorProto.DataType.BOOL_VALUE && isFalse) {
                falseConstants.add(name);
            }
        }

        private void attribute(AttributeProto attribute) {
            attribute.getStringsList().forEach(this::word);
            tensor(attribute.getT());
            if (attribute.hasG()) {
                graph(attribute.getG());
            }
            attribute.getGraphsList().forEach(this::graph);
        }

        private void tensor(TensorProto tensor) {
            if (words.size() < MOST_WORDS) {
                tensor.getStringDataList().stream().limit(MOST_WORDS).forEach(this::word);
            }
        }

        private void word(ByteString bytes) {
            if (words.size() < MOST_WORDS && bytes.size() <= MOST_CHARS && bytes.isValidUtf8()) {
                String word = bytes.toStringUtf8();
                // Other characters cannot be passed to ONNX Runtime for Java.
                if (word.chars().allMatch(c -> c >= ' ' && c < 127)) {
                    words.add(word);
                }
            }
        }
    }
}
