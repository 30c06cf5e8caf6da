package dev.penstock.protocol;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A parsed v2 inference request.
 *
 * @param id the client's own id, echoed in the response. It is not the request id that Penstock issues
 * @param parameters scalar values: String, Boolean, Long or Double
 * @param inputs in the order of the request, not of the signature
 * @param outputs the requested outputs; empty means all
 * @param binaryOutput {@code binary_data_output}: whether outputs use the binary form by default
 */
public record InferenceRequest(
        Optional<String> id,
        Map<String, Object> parameters,
        List<Tensor> inputs,
        List<RequestedOutput> outputs,
        boolean binaryOutput) {

    /** @param binary {@code binary_data}: whether this output uses the binary form; defaults to {@link #binaryOutput} */
    public record RequestedOutput(String name, Optional<Boolean> binary) {}

    public InferenceRequest {
        parameters = Map.copyOf(parameters);
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
    }

    /** Whether the request asks for this output. */
    public boolean wants(String output) {
        return outputs.isEmpty()
                || outputs.stream().anyMatch(requested -> requested.name().equals(output));
    }

    /** Whether this output must be written in binary form. */
    public boolean wantsBinary(String output) {
        for (RequestedOutput requested : outputs) {
            if (requested.name().equals(output)) {
                return requested.binary().orElse(binaryOutput);
            }
        }
        return binaryOutput;
    }
}
