package dev.penstock.ingress.grpc;

import com.google.protobuf.UnsafeByteOperations;
import dev.penstock.protocol.InferenceResponse;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.codec.ReaderLimits;
import dev.penstock.protocol.codec.ResponseReader;
import inference.GrpcService.InferParameter;
import inference.GrpcService.ModelInferResponse;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Reads the answer of a worker as a message of gRPC. Its outputs are raw, as Triton's always are, and stay views of the answer. */
final class ResponseMessage {
    private static final ResponseReader READER = new ResponseReader(ReaderLimits.HIGHEST);

    private ResponseMessage() {}

    static ModelInferResponse of(Payload answer) {
        try {
            return of(READER.read(answer));
        } catch (IOException ofAWorker) {
            throw new UncheckedIOException("a worker's answer breaks a rule", ofAWorker);
        }
    }

    private static ModelInferResponse of(InferenceResponse response) {
        ModelInferResponse.Builder message = ModelInferResponse.newBuilder()
                .setModelName(response.modelName())
                .setModelVersion(response.modelVersion());
        response.id().ifPresent(message::setId);
        response.parameters().forEach((name, value) -> message.putParameters(name, parameter(value)));
        for (Tensor output : response.outputs()) {
            ModelInferResponse.InferOutputTensor.Builder tensor = message.addOutputsBuilder()
                    .setName(output.name())
                    .setDatatype(output.datatype().name());
            for (int i = 0; i < output.shape().rank(); i++) {
                tensor.addShape(output.shape().dimension(i));
            }
            message.addRawOutputContents(UnsafeByteOperations.unsafeWrap(output.data()));
        }
        return message.build();
    }

    private static InferParameter parameter(Object value) {
        InferParameter.Builder parameter = InferParameter.newBuilder();
        return switch (value) {
            case Boolean flag -> parameter.setBoolParam(flag).build();
            case Long number -> parameter.setInt64Param(number).build();
            case Double number -> parameter.setDoubleParam(number).build();
            default -> parameter.setStringParam(value.toString()).build();
        };
    }
}
