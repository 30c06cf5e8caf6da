package dev.penstock.protocol.codec;

import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.InferenceRequest.RequestedOutput;
import dev.penstock.protocol.NonFinite;
import dev.penstock.protocol.Payload;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** Writes v2 inference requests. */
public final class RequestWriter {
    private RequestWriter() {}

    /**
     * @param binary selects by name the inputs that use the binary form
     * @throws NoJsonFormException if an input in JSON holds bytes that are not UTF-8
     */
    public static Payload write(InferenceRequest request, Predicate<String> binary) throws NoJsonFormException {
        return BodyWriter.write(NonFinite.TEXT, body -> {
            if (request.id().isPresent()) {
                body.json.writeStringField("id", request.id().get());
            }
            if (request.modelName().isPresent()) {
                body.json.writeStringField("model_name", request.modelName().get());
            }
            if (request.modelVersion().isPresent()) {
                body.json.writeStringField(
                        "model_version", request.modelVersion().get());
            }
            parameters(request, body);
            body.tensors("inputs", request.inputs(), binary);
            if (!request.outputs().isEmpty()) {
                outputs(request.outputs(), body);
            }
        });
    }

    /** Writes a request with all inputs in binary form. */
    public static Payload binary(InferenceRequest request) {
        try {
            return write(request, input -> true);
        } catch (NoJsonFormException impossible) {
            throw new IllegalStateException("no input is in JSON", impossible);
        }
    }

    private static void parameters(InferenceRequest request, BodyWriter body) throws IOException {
        Map<String, Object> parameters = new LinkedHashMap<>(request.parameters());
        if (request.binaryOutput()) {
            parameters.put("binary_data_output", true);
        }
        body.parameters(parameters);
    }

    private static void outputs(List<RequestedOutput> outputs, BodyWriter body) throws IOException {
        body.json.writeArrayFieldStart("outputs");
        for (RequestedOutput output : outputs) {
            body.json.writeStartObject();
            body.json.writeStringField("name", output.name());
            Map<String, Object> parameters = new LinkedHashMap<>();
            output.binary().ifPresent(binary -> parameters.put("binary_data", binary));
            output.classes().ifPresent(classes -> parameters.put("classification", classes));
            body.parameters(parameters);
            body.json.writeEndObject();
        }
        body.json.writeEndArray();
    }
}
