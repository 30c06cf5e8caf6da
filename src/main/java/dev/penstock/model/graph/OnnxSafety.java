package dev.penstock.model.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.SparseTensorProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.penstock.model.ModelRefusedException;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a model may not contain, since models are untrusted input: data in other files (path traversal: CVE-2024-27318, CVE-2025-51480)
 * and operators that only a native library could bring. Looks into subgraphs and functions as well.
 */
public final class OnnxSafety {
    private static final Set<String> DOMAINS = Set.of("", "ai.onnx", "ai.onnx.ml", "com.microsoft");

    private final Set<String> ownFunctions;

    private OnnxSafety(Set<String> ownFunctions) {
        this.ownFunctions = ownFunctions;
    }

    public static void check(ModelProto model) throws ModelRefusedException {
        Set<String> functions = model.getFunctionsList().stream()
                .map(function -> qualified(function.getDomain(), function.getName()))
                .collect(Collectors.toSet());
        OnnxSafety safety = new OnnxSafety(functions);
        safety.checkGraph(model.getGraph());
        for (FunctionProto function : model.getFunctionsList()) {
            safety.checkNodes(function.getNodeList());
            safety.checkAttributes(function.getAttributeProtoList());
        }
    }

    private void checkGraph(GraphProto graph) throws ModelRefusedException {
        for (TensorProto initializer : graph.getInitializerList()) {
            checkTensor(initializer);
        }
        for (SparseTensorProto initializer : graph.getSparseInitializerList()) {
            checkSparseTensor(initializer);
        }
        checkNodes(graph.getNodeList());
    }

    private void checkNodes(List<NodeProto> nodes) throws ModelRefusedException {
        for (NodeProto node : nodes) {
            checkOperator(node);
            checkAttributes(node.getAttributeList());
        }
    }

    private void checkOperator(NodeProto node) throws ModelRefusedException {
        String operator = qualified(node.getDomain(), node.getOpType());
        if (!DOMAINS.contains(node.getDomain()) && !ownFunctions.contains(operator)) {
            throw new ModelRefusedException("node '" + node.getName() + "' uses the custom operator " + operator
                    + "; only operators of ai.onnx, ai.onnx.ml and com.microsoft are run");
        }
        // A compiled part that an execution provider would read from a path of the model's choosing.
        if (node.getOpType().equals("EPContext")) {
            throw new ModelRefusedException(
                    "node '" + node.getName() + "' is an EPContext, which may refer to another file");
        }
    }

    private void checkAttributes(List<AttributeProto> attributes) throws ModelRefusedException {
        for (AttributeProto attribute : attributes) {
            checkTensor(attribute.getT());
            checkSparseTensor(attribute.getSparseTensor());
            checkGraph(attribute.getG());
            for (TensorProto tensor : attribute.getTensorsList()) {
                checkTensor(tensor);
            }
            for (SparseTensorProto tensor : attribute.getSparseTensorsList()) {
                checkSparseTensor(tensor);
            }
            for (GraphProto graph : attribute.getGraphsList()) {
                checkGraph(graph);
            }
        }
    }

    private static void checkSparseTensor(SparseTensorProto tensor) throws ModelRefusedException {
        checkTensor(tensor.getValues());
        checkTensor(tensor.getIndices());
    }

    private static void checkTensor(TensorProto tensor) throws ModelRefusedException {
        if (tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL || tensor.getExternalDataCount() > 0) {
            throw new ModelRefusedException("tensor '" + tensor.getName()
                    + "' keeps its data in another file; only models in one file are served");
        }
    }

    private static String qualified(String domain, String name) {
        return domain + ":" + name;
    }
}
