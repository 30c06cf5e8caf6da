package dev.penstock.protocol;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A v2 inference request, parsed.
 *
 * @param id the client's own id, echoed in the response; not the request id that Penstock gives
 * @param parameters scalar values: String, Boolean, Long or Double
 * @param outputs the outputs that are asked for; empty means all
 * @param binaryOutput {@code binary_data_output}: outputs come in binary form unless they say otherwise
 */
public record InferenceRequest(
        Optional<String> id,
        Map<String, Object> parameters,
        List<Tensor> inputs,
        List<RequestedOutput> outputs,
        boolean binaryOutput) {

    /** @param binary whether this output comes in binary form ({@code binary_data}); when absent, {@link #binaryOutput} says */
    public record RequestedOutput(String name, Optional<Boolean> binary) {}

    public InferenceRequest {
        parameters = Map.copyOf(parameters);
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
    }

    /** Whether the output of that name is asked for. */
    public boolean wants(String output) {
        return outputs.isEmpty()
                || outputs.stream().anyMatch(requested -> requested.name().equals(output));
    }

    /** Whether the output of that name is wanted in binary form. */
    public boolean wantsBinary(String output) {
        for (RequestedOutput requested : outputs) {
            if (requested.name().equals(output)) {
                return requested.binary().orElse(binaryOutput);
            }
        }
        return binaryOutput;
    }
}
