package dev.penstock.protocol;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A v2 inference response. */
public record InferenceResponse(
        String modelName,
        String modelVersion,
        Optional<String> id,
        Map<String, Object> parameters,
        List<Tensor> outputs) {

    public InferenceResponse {
        parameters = Map.copyOf(parameters);
        outputs = List.copyOf(outputs);
    }
}
