package dev.penstock.model.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.CodedOutputStream;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.TensorSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;

/**
 * ONNX Runtime's Java API has no UINT16, UINT32 and UINT64 tensors. So the loaded graph takes the signed type of the same width under
 * another name, and a Cast in front gives it back its type: the cast wraps around, which keeps every bit.
 */
public final class UnsignedInputs {

    private UnsignedInputs() {}

    public static boolean areIn(Signature signature) {
        return signature.inputs().stream().anyMatch(input -> CarrierTypes.isCarriedAsSigned(input.datatype()));
    }

    /** The name under which the loaded graph takes that input. */
    static String feedName(TensorSpec input) {
        return CarrierTypes.isCarriedAsSigned(input.datatype()) ? input.name() + "/as_signed" : input.name();
    }

    /** The model's bytes, in a direct buffer, with every such input cast. */
    public static ByteBuffer castIn(ModelProto model, Signature signature) {
        ModelProto.Builder changed = model.toBuilder();
        for (TensorSpec input : signature.inputs()) {
            CarrierTypes.signedTwin(input.datatype())
                    .ifPresent(signed -> cast(changed.getGraphBuilder(), input, signed));
        }
        ModelProto result = changed.build();
        ByteBuffer bytes = ByteBuffer.allocateDirect(result.getSerializedSize());
        try {
            CodedOutputStream output = CodedOutputStream.newInstance(bytes);
            result.writeTo(output);
            output.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.rewind();
    }

    private static void cast(GraphProto.Builder graph, TensorSpec input, DataType signed) {
        for (ValueInfoProto.Builder declared : graph.getInputBuilderList()) {
            if (declared.getName().equals(input.name())) {
                int unsigned = declared.getType().getTensorType().getElemType();
                declared.setName(feedName(input))
                        .getTypeBuilder()
                        .getTensorTypeBuilder()
                        .setElemType(signed.getNumber());
                // Nodes must stand in the order in which they run.
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
