package dev.penstock.model.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.graph.OnnxFile;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.TensorSpec;
import java.nio.ByteBuffer;

/**
 * Rewrites graphs with UINT16, UINT32 or UINT64 inputs, because ONNX Runtime's Java API cannot create such tensors. The rewritten graph
 * takes the signed type of the same width under another name and casts it back. The cast wraps around, so every bit is kept.
 */
public final class UnsignedInputRewrite {

    private UnsignedInputRewrite() {}

    /** Whether the model has such inputs. */
    public static boolean isNeeded(Signature signature) {
        return signature.inputs().stream().anyMatch(input -> OrtTypes.isPassedAsSigned(input.datatype()));
    }

    /** The name of an input in the loaded graph. */
    static String feedName(TensorSpec input) {
        return OrtTypes.isPassedAsSigned(input.datatype()) ? input.name() + "/as_signed" : input.name();
    }

    /** Serializes the model with all such inputs rewritten, into a direct buffer. */
    public static ByteBuffer rewrite(ModelProto model, Signature signature) throws ModelRefusedException {
        ModelProto.Builder changed = model.toBuilder();
        for (TensorSpec input : signature.inputs()) {
            OrtTypes.signedCounterpart(input.datatype())
                    .ifPresent(signed -> cast(changed.getGraphBuilder(), input, signed));
        }
        return OnnxFile.serialize(changed.build());
    }

    private static void cast(GraphProto.Builder graph, TensorSpec input, DataType signed) {
        for (ValueInfoProto.Builder declared : graph.getInputBuilderList()) {
            if (declared.getName().equals(input.name())) {
                int unsigned = declared.getType().getTensorType().getElemType();
                declared.setName(feedName(input))
                        .getTypeBuilder()
                        .getTensorTypeBuilder()
                        .setElemType(signed.getNumber());
                // ONNX requires topological order, so the cast comes first.
                graph.addNode(
                        0,
                        NodeProto.newBuilder()
                                .setOpType("Cast")
                                .addInput(feedName(input))
                                .addOutput(input.name())
                                .addAttribute(AttributeProto.newBuilder()
                                        .setName("to")
                                        .setType(AttributeProto.AttributeType.INT)
                                        .setI(unsigned)));
            }
        }
    }
}
