package dev.penstock.protocol.codec;

import static dev.penstock.protocol.codec.JsonMember.ID;
import static dev.penstock.protocol.codec.JsonMember.INPUTS;
import static dev.penstock.protocol.codec.JsonMember.NAME;
import static dev.penstock.protocol.codec.JsonMember.OUTPUTS;
import static dev.penstock.protocol.codec.JsonMember.PARAMETERS;

import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.InferenceRequest.RequestedOutput;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads v2 inference requests strictly: the data of an accepted tensor has exactly the declared shape and datatype. Thread-safe. */
public final class RequestReader {
    private static final Set<JsonMember> MEMBERS =
            Collections.unmodifiableSet(EnumSet.of(INPUTS, ID, PARAMETERS, OUTPUTS));
    private static final Set<JsonMember> OUTPUT_MEMBERS = Collections.unmodifiableSet(EnumSet.of(NAME, PARAMETERS));

    private final ReaderLimits limits;

    public RequestReader(ReaderLimits limits) {
        this.limits = limits;
    }

    public ReaderLimits limits() {
        return limits;
    }

    /**
     * Reads a request and checks it against the signature of its model. A JSON length of 0 marks a raw body.
     *
     * @throws InvalidRequestException naming the field and the rule that it breaks
     */
    public InferenceRequest read(Payload payload, Signature signature) throws InvalidRequestException {
        boolean raw = payload.jsonLength().isPresent() && payload.jsonLength().getAsInt() == 0;
        InferenceRequest request = raw ? readRaw(payload.bytes(), signature) : read(payload);
        signature.check(request);
        return request;
    }

    /**
     * Reads a request for any model. Tensors in binary form are views of the payload.
     *
     * @throws InvalidRequestException naming the field and the rule that it breaks
     */
    public InferenceRequest read(Payload payload) throws InvalidRequestException {
        BodyReader body = BodyReader.open(payload, limits);
        JsonCursor json = body.json();
        Set<JsonMember> seen = EnumSet.noneOf(JsonMember.class);
        Optional<String> id = Optional.empty();
        Map<String, Object> parameters = Map.of();
        List<Tensor> inputs = List.of();
        List<RequestedOutput> outputs = List.of();
        for (boolean more = json.open('{'); more; more = json.another('{')) {
            switch (json.member(MEMBERS, seen)) {
                case ID -> id = Optional.of(json.string());
                case PARAMETERS -> parameters = Parameters.read(json);
                case INPUTS -> inputs = body.tensors().inputs();
                default -> outputs = requestedOutputs(json);
            }
            json.path().leave();
        }
        json.expectEnd();
        json.require(seen, INPUTS);
        body.tensors().expectNoMoreBlobs();
        Optional<Boolean> binaryOutput = Parameters.flag("binary_data_output", parameters, json);
        if (binaryOutput.isPresent()) {
            parameters.remove("binary_data_output");
        }
        return new InferenceRequest(id, parameters, inputs, outputs, binaryOutput.orElse(false));
    }

    /**
     * Reads a raw body: the binary data of the model's only input, and nothing else. The size of the body determines the number of rows,
     * or the one other variable dimension. For BYTES, the body is one string. Outputs use the binary form.
     */
    public InferenceRequest readRaw(ByteBuffer bytes, Signature signature) throws InvalidRequestException {
        BodyReader.checkSize(bytes, limits);
        return new InferenceRequest(
                Optional.empty(), Map.of(), List.of(RawBodyReader.read(bytes, signature)), List.of(), true);
    }

    private List<RequestedOutput> requestedOutputs(JsonCursor json) throws InvalidRequestException {
        List<RequestedOutput> outputs = new ArrayList<>();
        for (boolean more = json.open('['); more; more = json.another('[')) {
            json.path().at(outputs.size());
            if (outputs.size() == json.limits().maxTensors()) {
                throw json.invalid(
                        "must be within the limit of " + json.limits().maxTensors() + " outputs");
            }
            RequestedOutput output = requestedOutput(json);
            for (RequestedOutput other : outputs) {
                if (other.name().equals(output.name())) {
                    throw json.invalid("must have a unique name, was a second '" + output.name() + "'");
                }
            }
            outputs.add(output);
        }
        return outputs;
    }

    private RequestedOutput requestedOutput(JsonCursor json) throws InvalidRequestException {
        Set<JsonMember> seen = EnumSet.noneOf(JsonMember.class);
        String name = "";
        Map<String, Object> parameters = Map.of();
        for (boolean more = json.open('{'); more; more = json.another('{')) {
            if (json.member(OUTPUT_MEMBERS, seen) == NAME) {
                name = json.name();
            } else {
                parameters = Parameters.read(json);
            }
            json.path().leave();
        }
        json.require(seen, NAME);
        return new RequestedOutput(name, Parameters.flag("binary_data", parameters, json));
    }
}
