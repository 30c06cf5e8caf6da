package dev.penstock.ingress.grpc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.codec.ReaderLimits;
import dev.penstock.protocol.codec.RequestReader;
import inference.GrpcService.InferParameter;
import inference.GrpcService.InferTensorContents;
import inference.GrpcService.ModelInferRequest;
import inference.GrpcService.ModelInferRequest.InferInputTensor;
import inference.GrpcService.ModelInferRequest.InferRequestedOutputTensor;
import java.nio.ByteBuffer;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a request over gRPC becomes, as the reader of all doors reads it. */
final class RequestBodyTest {
    private static final RequestReader READER = new RequestReader(ReaderLimits.DEFAULT);

    @Test
    void hasAllOfTheMessage() throws Exception {
        InferenceRequest request = read(ModelInferRequest.newBuilder()
                .setId("42")
                .putParameters(
                        "priority",
                        InferParameter.newBuilder().setStringParam("bulk").build())
                .putParameters(
                        "timeout", InferParameter.newBuilder().setInt64Param(7).build())
                .putParameters(
                        "weight", InferParameter.newBuilder().setUint64Param(8).build())
                .putParameters(
                        "rate", InferParameter.newBuilder().setDoubleParam(0.5).build())
                .putParameters(
                        "flag", InferParameter.newBuilder().setBoolParam(true).build())
                .addInputs(input("INT32", 2))
                .addInputs(input("BYTES", 1).setName("b"))
                .addRawInputContents(ByteString.copyFrom(new byte[] {1, 0, 0, 0, 2, 0, 0, 0}))
                .addRawInputContents(ByteString.copyFrom(new byte[] {1, 0, 0, 0, 'x'}))
                .addOutputs(InferRequestedOutputTensor.newBuilder()
                        .setName("y")
                        .putParameters(
                                "binary_data",
                                InferParameter.newBuilder().setBoolParam(false).build())));

        assertThat(request.id()).contains("42");
        assertThat(request.parameters())
                .isEqualTo(Map.of("priority", "bulk", "timeout", 7L, "weight", 8L, "rate", 0.5, "flag", true));
        assertThat(request.inputs()).hasSize(2);
        assertThat(request.inputs().get(0).data().getInt(4)).isEqualTo(2);
        assertThat(request.wants("y")).isTrue();
        assertThat(request.wants("z")).isFalse();
        assertThat(request.wantsBinary("y")).isTrue();
    }

    @Test
    void holdsTypedContentsAsBytes() throws Exception {
        assertThat(typed("BOOL", InferTensorContents.newBuilder().addBoolContents(true)))
                .containsExactly(1);
        assertThat(typed("INT8", InferTensorContents.newBuilder().addIntContents(-1)))
                .containsExactly(-1);
        assertThat(typed("INT16", InferTensorContents.newBuilder().addIntContents(-2)))
                .containsExactly(-2, -1);
        assertThat(typed("INT32", InferTensorContents.newBuilder().addIntContents(3)))
                .containsExactly(3, 0, 0, 0);
        assertThat(typed("INT64", InferTensorContents.newBuilder().addInt64Contents(4)))
                .containsExactly(4, 0, 0, 0, 0, 0, 0, 0);
        assertThat(typed("UINT8", InferTensorContents.newBuilder().addUintContents(255)))
                .containsExactly(-1);
        assertThat(typed("UINT16", InferTensorContents.newBuilder().addUintContents(65535)))
                .containsExactly(-1, -1);
        assertThat(typed("UINT32", InferTensorContents.newBuilder().addUintContents(-1)))
                .containsExactly(-1, -1, -1, -1);
        assertThat(typed("UINT64", InferTensorContents.newBuilder().addUint64Contents(-1)))
                .containsExactly(-1, -1, -1, -1, -1, -1, -1, -1);
        assertThat(typed("FP32", InferTensorContents.newBuilder().addFp32Contents(1)))
                .containsExactly(0, 0, -128, 63);
        assertThat(typed("FP64", InferTensorContents.newBuilder().addFp64Contents(1)))
                .containsExactly(0, 0, 0, 0, 0, 0, -16, 63);
        assertThat(typed("BYTES", InferTensorContents.newBuilder().addBytesContents(ByteString.copyFromUtf8("hé"))))
                .containsExactly(3, 0, 0, 0, 'h', -61, -87);
    }

    @Test
    void refusesWhatItCannotHold() {
        assertRefused("FP16", InferTensorContents.newBuilder(), "inputs[0].contents: must be absent for FP16");
        assertRefused("FP99", InferTensorContents.newBuilder(), "inputs[0].datatype: must be one of");
        assertRefused("UINT8", InferTensorContents.newBuilder().addUintContents(256), "must be in 0..255 for UINT8");
        assertThatThrownBy(() -> RequestBody.of(ModelInferRequest.newBuilder()
                        .addInputs(input("INT8", 1)
                                .setContents(InferTensorContents.newBuilder().addIntContents(1)))
                        .addRawInputContents(ByteString.copyFrom(new byte[1]))
                        .build()))
                .hasMessageStartingWith("inputs[0].contents: must be absent where raw_input_contents is set");
        assertThatThrownBy(() -> RequestBody.of(ModelInferRequest.newBuilder()
                        .putParameters("empty", InferParameter.getDefaultInstance())
                        .build()))
                .hasMessage("parameters.empty: must have a value");
    }

    @Test
    void aValueInTheListOfAnotherDatatypeIsMissing() {
        assertThatThrownBy(() -> typed("INT64", InferTensorContents.newBuilder().addIntContents(1)))
                .hasMessageContaining("binary_data_size: must be 8 for INT64 of shape [1], was 0");
    }

    private static void assertRefused(String datatype, InferTensorContents.Builder contents, String reason) {
        assertThatThrownBy(() -> typed(datatype, contents)).hasMessageContaining(reason);
    }

    private static byte[] typed(String datatype, InferTensorContents.Builder contents) throws Exception {
        InferenceRequest request =
                read(ModelInferRequest.newBuilder().addInputs(input(datatype, 1).setContents(contents)));
        Tensor tensor = request.inputs().getFirst();
        ByteBuffer data = tensor.data().duplicate();
        byte[] bytes = new byte[data.remaining()];
        data.get(bytes);
        return bytes;
    }

    private static InferInputTensor.Builder input(String datatype, long elements) {
        return InferInputTensor.newBuilder().setName("a").setDatatype(datatype).addShape(elements);
    }

    private static InferenceRequest read(ModelInferRequest.Builder message) throws Exception {
        Payload payload = RequestBody.of(message.build());
        assertThat(new String(payload.bytes().array(), 0, 1, UTF_8)).isEqualTo("{");
        return READER.read(payload);
    }
}
