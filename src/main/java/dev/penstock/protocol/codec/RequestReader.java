package dev.penstock.protocol.codec;

import static dev.penstock.protocol.codec.JsonMember.ID;
import static dev.penstock.protocol.codec.JsonMember.INPUTS;
import static dev.penstock.protocol.codec.JsonMember.MODEL_NAME;
import static dev.penstock.protocol.codec.JsonMember.MODEL_VERSION;
import static dev.penstock.protocol.codec.JsonMember.NAME;
import static dev.penstock.protocol.codec.JsonMember.OUTPUTS;
import static dev.penstock.protocol.codec.JsonMember.PARAMETERS;

import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.InferenceRequest.RequestedOutput;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.NonFinite;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads v2 inference requests strictly: the data of an accepted tensor has exactly the declared shape and datatype. Thread-safe. */
public final class RequestReader {
    private static final Set<JsonMember> MEMBERS =
            Collections.unmodifiableSet(EnumSet.of(INPUTS, ID, PARAMETERS, OUTPUTS, MODEL_NAME, MODEL_VERSION));
    private static final Set<JsonMember> OUTPUT_MEMBERS = Collections.unmodifiableSet(EnumSet.of(NAME, PARAMETERS));

    private final ReaderLimits limits;
    private final NonFinite nonFinite;

    public RequestReader(ReaderLimits limits) {
        this(limits, NonFinite.TEXT);
    }

    /** @param nonFinite whether JSON may hold NaN and infinities */
    public RequestReader(ReaderLimits limits, NonFinite nonFinite) {
        this.limits = limits;
        this.nonFinite = nonFinite;
    }

    public NonFinite nonFinite() {
        return nonFinite;
    }

    public ReaderLimits limits() {
        return limits;
    }

    /**
     * Reads a request and checks it against the signature of its model, which may have more tensors than the limits allow for an unknown
     * model. A JSON length of 0 marks a raw body.
     *
     * @throws InvalidRequestException naming the field and the rule that it breaks
     */
    public InferenceRequest read(Payload payload, Signature signature) throws InvalidRequestException {
        InferenceRequest request = parse(payload, signature);
        signature.check(request);
        return request;
    }

    /**
     * Reads a request without checking it against the signature, which only says how a raw body is read and how many tensors there may be.
     *
     * @throws InvalidRequestException naming the field and the rule that it breaks
     */
    public InferenceRequest parse(Payload payload, Signature signature) throws InvalidRequestException {
        boolean raw = payload.jsonLength().isPresent() && payload.jsonLength().getAsInt() == 0;
        return raw
                ? readRaw(payload.bytes(), signature)
                : read(
                        payload,
                        Math.max(limits.maxTensors(), signature.mostInputs()),
                        Math.max(limits.maxTensors(), signature.outputs().size()));
    }

    /**
     * Reads a request for any model. Tensors in binary form are views of the payload.
     *
     * @throws InvalidRequestException naming the field and the rule that it breaks
     */
    public InferenceRequest read(Payload payload) throws InvalidRequestException {
        return read(payload, limits.maxTensors(), limits.maxTensors());
    }

    private InferenceRequest read(Payload payload, int maxInputs, int maxOutputs) throws InvalidRequestException {
        BodyReader body = BodyReader.open(payload, limits, nonFinite);
        JsonCursor json = body.json();
        Set<JsonMember> seen = EnumSet.noneOf(JsonMember.class);
        Optional<String> id = Optional.empty();
        Map<String, Object> parameters = Map.of();
        List<Tensor> inputs = List.of();
        List<RequestedOutput> outputs = List.of();
        Optional<String> modelName = Optional.empty();
        Optional<String> modelVersion = Optional.empty();
        for (boolean more = json.open('{'); more; more = json.another('{')) {
            switch (json.member(MEMBERS, seen)) {
                case ID -> id = json.optionalString();
                case PARAMETERS -> parameters = Parameters.read(json);
                case MODEL_NAME -> modelName = notEmpty(json.optionalString());
                case MODEL_VERSION -> modelVersion = notEmpty(json.optionalString());
                case OTHER -> {}
                case INPUTS -> inputs = body.tensors().list(maxInputs);
                default -> outputs = requestedOutputs(json, maxOutputs);
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
        return new InferenceRequest(
                id, parameters, inputs, outputs, binaryOutput.orElse(false), modelName, modelVersion);
    }

    /** Triton's clients send an empty version for any. */
    private static Optional<String> notEmpty(Optional<String> text) {
        return text.filter(some -> !some.isEmpty());
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

    private List<RequestedOutput> requestedOutputs(JsonCursor json, int maxOutputs) throws InvalidRequestException {
        if (json.isNull()) {
            return List.of();
        }
        List<RequestedOutput> outputs = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (boolean more = json.open('['); more; more = json.another('[')) {
            json.path().at(outputs.size());
            if (outputs.size() == maxOutputs) {
                throw json.invalid("must be within the limit of " + maxOutputs + " outputs");
            }
            RequestedOutput output = requestedOutput(json);
            if (!names.add(output.name())) {
                throw json.invalid("must have a unique name, was a second '" + output.name() + "'");
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
            switch (json.member(OUTPUT_MEMBERS, seen)) {
                case NAME -> name = json.name();
                case OTHER -> {}
                default -> parameters = Parameters.read(json);
            }
            json.path().leave();
        }
        json.require(seen, NAME);
        return new RequestedOutput(
                name,
                Parameters.flag("binary_data", parameters, json),
                Parameters.count("classification", parameters, json));
    }
}
