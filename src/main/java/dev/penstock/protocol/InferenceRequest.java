package dev.penstock.protocol;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A parsed v2 inference request.
 *
 * @param id the client's own id, echoed in the response. It is not the request id that Penstock issues
 * @param parameters scalar values: String, Boolean, Long or Double
 * @param inputs in the order of the request, not of the signature
 * @param outputs the requested outputs; empty means all
 * @param binaryOutput {@code binary_data_output}: whether outputs use the binary form by default
 * @param modelName {@code model_name}, which some clients repeat in the body
 * @param modelVersion {@code model_version}, likewise
 */
public record InferenceRequest(
        Optional<String> id,
        Map<String, Object> parameters,
        List<Tensor> inputs,
        List<RequestedOutput> outputs,
        boolean binaryOutput,
        Optional<String> modelName,
        Optional<String> modelVersion) {

    /**
     * @param binary {@code binary_data}: whether this output uses the binary form; defaults to {@link #binaryOutput}
     * @param classes {@code classification}: how many of the highest values to return in place of the tensor; empty for the tensor
     */
    public record RequestedOutput(String name, Optional<Boolean> binary, OptionalInt classes) {
        /** The tensor itself. */
        public RequestedOutput(String name, Optional<Boolean> binary) {
            this(name, binary, OptionalInt.empty());
        }
    }

    public InferenceRequest {
        parameters = Map.copyOf(parameters);
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
    }

    /** A request whose body does not name its model. */
    public InferenceRequest(
            Optional<String> id,
            Map<String, Object> parameters,
            List<Tensor> inputs,
            List<RequestedOutput> outputs,
            boolean binaryOutput) {
        this(id, parameters, inputs, outputs, binaryOutput, Optional.empty(), Optional.empty());
    }

    /**
     * Checks what the body says of its model.
     *
     * @throws InvalidRequestException when it names another model or version than it is sent to
     */
    public void requireModel(String model, String version) throws InvalidRequestException {
        requireSame("model_name", modelName, model);
        requireSame("model_version", modelVersion, version);
    }

    private static void requireSame(String member, Optional<String> said, String due) throws InvalidRequestException {
        if (said.isPresent() && !said.get().equals(due)) {
            throw new InvalidRequestException(
                    member, "must be absent or '" + due + "', which this request is sent to, was '" + said.get() + "'");
        }
    }

    /** Whether the request asks for this output. */
    public boolean wants(String output) {
        return outputs.isEmpty()
                || outputs.stream().anyMatch(requested -> requested.name().equals(output));
    }

    /** How many classes of this output the request asks for in place of the tensor; empty for the tensor. */
    public OptionalInt classes(String output) {
        for (RequestedOutput requested : outputs) {
            if (requested.name().equals(output)) {
                return requested.classes();
            }
        }
        return OptionalInt.empty();
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
