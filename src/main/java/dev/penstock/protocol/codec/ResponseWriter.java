package dev.penstock.protocol.codec;

import dev.penstock.protocol.InferenceResponse;
import dev.penstock.protocol.Payload;
import java.util.function.Predicate;

/** Writes v2 inference responses. */
public final class ResponseWriter {
    private ResponseWriter() {}

    /**
     * @param binary selects by name the outputs that use the binary form; usually {@code request::wantsBinary}
     * @throws NoJsonFormException if an output in JSON holds NaN, an infinity, or bytes that are not UTF-8
     */
    public static Payload write(InferenceResponse response, Predicate<String> binary) throws NoJsonFormException {
        return BodyWriter.write(body -> {
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
