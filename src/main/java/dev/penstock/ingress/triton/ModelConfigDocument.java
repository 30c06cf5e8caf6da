package dev.penstock.ingress.triton;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.messages.Announcement;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.TensorSpec;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * The configuration of a model in the terms of Triton's {@code ModelConfig}. Its batches have rows in the first dimension of every tensor,
 * which {@code dims} leaves out. A model with rows anywhere else, or without, has {@code max_batch_size} 0 and full shapes there.
 */
public final class ModelConfigDocument {
    private static final String CPU = "cpu";
    private static final OptionalInt FIRST = OptionalInt.of(0);

    private ModelConfigDocument() {}

    public static ObjectNode of(Announcement model) {
        boolean isBatched = isBatched(model.signature());
        ObjectNode config = JsonNodeFactory.instance.objectNode();
        config.put("name", model.model()).put("platform", "onnxruntime_onnx").put("backend", "onnxruntime");
        config.putObject("version_policy").putObject("latest").put("num_versions", 1);
        config.put("max_batch_size", isBatched ? model.maxRequestRows() : 0);
        ArrayNode inputs = config.putArray("input");
        for (TensorSpec input : model.signature().inputs()) {
            tensor(inputs.addObject(), input, isBatched)
                    .put("format", "FORMAT_NONE")
                    .put("allow_ragged_batch", false)
                    .put("optional", false);
        }
        ArrayNode outputs = config.putArray("output");
        for (TensorSpec output : model.signature().outputs()) {
            tensor(outputs.addObject(), output, isBatched).put("label_filename", "");
        }
        config.putArray("batch_input");
        config.putArray("batch_output");
        if (isBatched) {
            config.putObject("dynamic_batching").put("preserve_ordering", false).putArray("preferred_batch_size");
        }
        config.putArray("instance_group")
                .addObject()
                .put("name", model.model())
                .put("kind", model.executionProvider().equals(CPU) ? "KIND_CPU" : "KIND_GPU")
                .put("count", 1);
        config.put("default_model_filename", "model.onnx");
        config.putObject("parameters");
        config.putArray("model_warmup");
        config.putObject("model_transaction_policy").put("decoupled", false);
        return config;
    }

    private static boolean isBatched(Signature signature) {
        return !signature.mode().isOneByOne()
                && Stream.of(signature.inputs(), signature.outputs())
                        .flatMap(List::stream)
                        .allMatch(tensor -> tensor.rowAxis().equals(FIRST));
    }

    private static ObjectNode tensor(ObjectNode node, TensorSpec spec, boolean isBatched) {
        node.put("name", spec.name()).put("data_type", type(spec.datatype()));
        ArrayNode dims = node.putArray("dims");
        for (int i = isBatched ? 1 : 0; i < spec.shape().rank(); i++) {
            dims.add(spec.shape().dimension(i));
        }
        return node.put("is_shape_tensor", false);
    }

    private static String type(Datatype datatype) {
        return "TYPE_" + (datatype == Datatype.BYTES ? "STRING" : datatype.name());
    }
}
