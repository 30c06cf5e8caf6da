package dev.penstock.ingress.grpc;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Payload;
import inference.GrpcService.InferParameter;
import inference.GrpcService.ModelInferRequest;
import inference.GrpcService.ModelInferRequest.InferInputTensor;
import inference.GrpcService.ModelInferRequest.InferRequestedOutputTensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes a request of gRPC in the protocol's binary form, as a client over REST would send it: the data of all inputs behind a JSON part,
 * and all outputs asked for in binary form. So it meets the same checks. The data is copied once, into the record that Kafka takes.
 */
final class RequestBody {
    private static final JsonFactory JSON = new JsonFactory();

    /** These say where data is in the binary form. Over gRPC that is fixed. */
    private static final Set<String> OF_BINARY_FORM = Set.of("binary_data", "binary_data_output", "binary_data_size");

    private final ByteArrayOutputStream head = new ByteArrayOutputStream(256);
    private final List<ByteBuffer> blobs = new ArrayList<>();
    private final JsonGenerator json;

    private RequestBody() throws IOException {
        this.json = JSON.createGenerator(head);
    }

    /** @throws InvalidRequestException when the message breaks a rule that the binary form cannot express */
    static Payload of(ModelInferRequest request) throws InvalidRequestException {
        try {
            RequestBody body = new RequestBody();
            body.write(request);
            return body.payload();
        } catch (IOException impossible) {
            throw new UncheckedIOException("cannot write to an in-memory buffer", impossible);
        }
    }

    private void write(ModelInferRequest request) throws IOException, InvalidRequestException {
        json.writeStartObject();
        if (!request.getId().isEmpty()) {
            json.writeStringField("id", request.getId());
        }
        json.writeObjectFieldStart("parameters");
        parameters("parameters", request.getParametersMap());
        json.writeBooleanField("binary_data_output", true);
        json.writeEndObject();
        inputs(request);
        if (request.getOutputsCount() > 0) {
            json.writeArrayFieldStart("outputs");
            for (int i = 0; i < request.getOutputsCount(); i++) {
                output(request.getOutputs(i), i);
            }
            json.writeEndArray();
        }
        json.writeEndObject();
        json.close();
    }

    private void inputs(ModelInferRequest request) throws IOException, InvalidRequestException {
        boolean isRaw = request.getRawInputContentsCount() > 0;
        if (isRaw && request.getRawInputContentsCount() != request.getInputsCount()) {
            throw new InvalidRequestException(
                    "raw_input_contents",
                    "must be empty, or have an entry for each of the " + request.getInputsCount() + " inputs, had "
                            + request.getRawInputContentsCount());
        }
        json.writeArrayFieldStart("inputs");
        for (int i = 0; i < request.getInputsCount(); i++) {
            InferInputTensor input = request.getInputs(i);
            if (isRaw && input.hasContents()) {
                throw new InvalidRequestException(
                        "inputs[" + i + "].contents", "must be absent where raw_input_contents is set");
            }
            input(
                    input,
                    i,
                    isRaw
                            ? request.getRawInputContents(i).asReadOnlyByteBuffer()
                            : new TypedContents(input, i).bytes());
        }
        json.writeEndArray();
    }

    private void input(InferInputTensor input, int index, ByteBuffer data) throws IOException, InvalidRequestException {
        blobs.add(data);
        json.writeStartObject();
        json.writeStringField("name", input.getName());
        json.writeStringField("datatype", input.getDatatype());
        json.writeArrayFieldStart("shape");
        for (int i = 0; i < input.getShapeCount(); i++) {
            json.writeNumber(input.getShape(i));
        }
        json.writeEndArray();
        json.writeObjectFieldStart("parameters");
        parameters("inputs[" + index + "].parameters", input.getParametersMap());
        json.writeNumberField("binary_data_size", data.remaining());
        json.writeEndObject();
        json.writeEndObject();
    }

    private void output(InferRequestedOutputTensor output, int index) throws IOException, InvalidRequestException {
        json.writeStartObject();
        json.writeStringField("name", output.getName());
        if (output.getParametersCount() > 0) {
            json.writeObjectFieldStart("parameters");
            parameters("outputs[" + index + "].parameters", output.getParametersMap());
            json.writeEndObject();
        }
        json.writeEndObject();
    }

    private void parameters(String field, Map<String, InferParameter> parameters)
            throws IOException, InvalidRequestException {
        for (Map.Entry<String, InferParameter> entry : parameters.entrySet()) {
            if (OF_BINARY_FORM.contains(entry.getKey())) {
                continue;
            }
            InferParameter value = entry.getValue();
            json.writeFieldName(entry.getKey());
            switch (value.getParameterChoiceCase()) {
                case BOOL_PARAM -> json.writeBoolean(value.getBoolParam());
                case INT64_PARAM -> json.writeNumber(value.getInt64Param());
                case UINT64_PARAM -> json.writeNumber(Long.toUnsignedString(value.getUint64Param()));
                case DOUBLE_PARAM -> json.writeNumber(value.getDoubleParam());
                case STRING_PARAM -> json.writeString(value.getStringParam());
                case PARAMETERCHOICE_NOT_SET ->
                    throw new InvalidRequestException(field + "." + entry.getKey(), "must have a value");
            }
        }
    }

    private Payload payload() {
        long size = head.size();
        for (ByteBuffer blob : blobs) {
            size += blob.remaining();
        }
        ByteBuffer whole = ByteBuffer.allocate(Math.toIntExact(size)).put(head.toByteArray());
        blobs.forEach(whole::put);
        return Payload.binary(whole.flip(), head.size());
    }
}
