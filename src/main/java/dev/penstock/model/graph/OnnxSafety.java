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
 * Rejects unsafe content, because models are untrusted input. Data in other files allows path traversal (CVE-2024-27318,
 * CVE-2025-51480), so it must be in the model by now: see {@link ExternalData}. Custom operators need native libraries. Subgraphs and functions are checked too.
 */
public final class OnnxSafety {
    private static final Set<String> DOMAINS = Set.of("", "ai.onnx", "ai.onnx.ml", "com.microsoft");

    private final Set<String> ownFunctions;

    private OnnxSafety(Set<String> ownFunctions) {
        this.ownFunctions = ownFunctions;
    }

    /** @throws ModelRefusedException naming the node or tensor that is unsafe */
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
                    + "; use only operators of ai.onnx, ai.onnx.ml and com.microsoft");
        }
        // A precompiled subgraph. The execution provider would read it from a path that the model chooses.
        if (node.getOpType().equals("EPContext")) {
            throw new ModelRefusedException("node '" + node.getName()
                    + "' is an EPContext, which may refer to another file; export the model without it");
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
            throw new ModelRefusedException(
                    "tensor '" + tensor.getName() + "' has external data that is not read; save the model as one file");
        }
    }

    private static String qualified(String domain, String name) {
        return domain + ":" + name;
    }
}
