package dev.penstock.ingress.grpc;

import com.google.protobuf.CodedInputStream;
import inference.GrpcService.ModelInferRequest;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.IOException;
import java.io.InputStream;

/**
 * Reads an inference request. Its tensors stay views of the message, where the standard marshaller copies each. It bounds the unpacked size
 * of a compressed message, too.
 */
final class RequestMarshaller implements MethodDescriptor.Marshaller<ModelInferRequest> {
    private final int maxBytes;

    RequestMarshaller(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    @Override
    public ModelInferRequest parse(InputStream message) {
        try {
            byte[] bytes = message.readNBytes(maxBytes);
            if (message.read() >= 0) {
                throw Status.RESOURCE_EXHAUSTED
                        .withDescription("the message must have at most " + maxBytes
                                + " bytes (penstock.max-request-bytes), had more")
                        .asRuntimeException();
            }
            CodedInputStream whole = CodedInputStream.newInstance(bytes);
            whole.enableAliasing(true);
            return ModelInferRequest.parseFrom(whole);
        } catch (IOException broken) {
            throw Status.INVALID_ARGUMENT
                    .withDescription("the message must be a ModelInferRequest: " + broken.getMessage())
                    .asRuntimeException();
        }
    }

    @Override
    public InputStream stream(ModelInferRequest request) {
        return request.toByteString().newInput();
    }
}
