package dev.penstock.protocol.codec;

import static dev.penstock.protocol.codec.JsonMember.ID;
import static dev.penstock.protocol.codec.JsonMember.MODEL_NAME;
import static dev.penstock.protocol.codec.JsonMember.MODEL_VERSION;
import static dev.penstock.protocol.codec.JsonMember.OUTPUTS;
import static dev.penstock.protocol.codec.JsonMember.PARAMETERS;

import dev.penstock.protocol.InferenceResponse;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.NonFinite;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Tensor;
import java.io.IOException;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads v2 inference responses in JSON or binary form. Thread-safe. */
public final class ResponseReader {
    private static final Set<JsonMember> MEMBERS =
            Collections.unmodifiableSet(EnumSet.of(MODEL_NAME, MODEL_VERSION, ID, PARAMETERS, OUTPUTS));

    private final ReaderLimits limits;

    public ResponseReader(ReaderLimits limits) {
        this.limits = limits;
    }

    /** @throws IOException if the payload is not a v2 response. This is an error of the sender, never of the request */
    public InferenceResponse read(Payload payload) throws IOException {
        try {
            return response(payload);
        } catch (InvalidRequestException e) {
            throw new IOException("not a v2 inference response: " + e.getMessage(), e);
        }
    }

    private InferenceResponse response(Payload payload) throws InvalidRequestException {
        BodyReader body = BodyReader.open(payload, limits, NonFinite.TEXT);
        JsonCursor json = body.json();
        Set<JsonMember> seen = EnumSet.noneOf(JsonMember.class);
        String modelName = "";
        String modelVersion = "";
        Optional<String> id = Optional.empty();
        Map<String, Object> parameters = Map.of();
        List<Tensor> outputs = List.of();
        for (boolean more = json.open('{'); more; more = json.another('{')) {
            switch (json.member(MEMBERS, seen)) {
                case MODEL_NAME -> modelName = json.name();
                case MODEL_VERSION -> modelVersion = json.string();
                case ID -> id = json.optionalString();
                case PARAMETERS -> parameters = Parameters.read(json);
                case OTHER -> {}
                default -> outputs = body.tensors().list(limits.maxTensors());
            }
            json.path().leave();
        }
        json.expectEnd();
        json.require(seen, MODEL_NAME, OUTPUTS);
        body.tensors().expectNoMoreBlobs();
        return new InferenceResponse(modelName, modelVersion, id, parameters, outputs);
    }
}
