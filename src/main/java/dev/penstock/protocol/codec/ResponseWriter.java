package dev.penstock.protocol.codec;

import dev.penstock.protocol.InferenceResponse;
import dev.penstock.protocol.NonFinite;
import dev.penstock.protocol.Payload;
import java.util.function.Predicate;

/** Writes v2 inference responses. */
public final class ResponseWriter {
    private ResponseWriter() {}

    /**
     * @param binary selects by name the outputs that use the binary form; usually {@code request::wantsBinary}
     * @param nonFinite the form of NaN and infinities in JSON
     * @throws NoJsonFormException if an output in JSON holds a value without a form there
     */
    public static Payload write(InferenceResponse response, Predicate<String> binary, NonFinite nonFinite)
            throws NoJsonFormException {
        return BodyWriter.write(nonFinite, body -> {
            body.json.writeStringField("model_name", response.modelName());
            body.json.writeStringField("model_version", response.modelVersion());
            if (response.id().isPresent()) {
                body.json.writeStringField("id", response.id().get());
            }
            body.parameters(response.parameters());
            body.tensors("outputs", response.outputs(), binary);
        });
    }
}
