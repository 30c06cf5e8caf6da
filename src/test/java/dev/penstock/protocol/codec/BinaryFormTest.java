package dev.penstock.protocol.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.TensorSpec;
import dev.penstock.protocol.Tensors;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BinaryFormTest {
    private static final Signature ONE_FP32_INPUT = inputs(new TensorSpec("x", Datatype.FP32, Shape.of(-1, 3)));

    private final RequestReader reader = new RequestReader(ReaderLimits.DEFAULT);

    @Test
    void readsBlobsInTheOrderOfTheInputsBesideTensorsInJson() throws InvalidRequestException {
        String json = """
                {"inputs":[
                  {"name":"h","shape":[1],"datatype":"FP16","parameters":{"binary_data_size":2}},
                  {"name":"j","shape":[1],"datatype":"INT8","data":[5]},
                  {"name":"s","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":9}}]}""";

        List<Tensor> inputs = reader.read(binary(json, 0x00, 0x3c, 0, 0, 0, 0, 1, 0, 0, 0, 0xff))
                .inputs();

        assertThat(Float.float16ToFloat(inputs.get(0).data().getShort(0))).isEqualTo(1f);
        assertThat(inputs.get(1).data().get(0)).isEqualTo((byte) 5);
        assertThat(inputs.get(2)).isEqualTo(Tensors.strings("s", Shape.of(2), new byte[0], new byte[] {(byte) 0xff}));
    }

    @Test
    void sharesTheBlobWithThePayload() throws InvalidRequestException {
        Payload payload = binary(input("UINT8", "[2]", 2), 7, 8);

        InferenceRequest request = reader.read(payload);

        assertThat(request.inputs().get(0).data().array())
                .isSameAs(payload.bytes().array());
    }

    @ParameterizedTest(name = "{0} {1}, size {2}: {4}")
    @CsvSource(
            delimiter = '|',
            value = {
                "FP32 | [2] | 7   | inputs[0].parameters.binary_data_size | must be 8 for FP32 of shape [2], was 7",
                "FP32 | [2] | 12  | inputs[0].parameters.binary_data_size | must be at most the 9 remaining bytes, was 12",
                "FP32 | [2] | -1  | inputs[0].parameters.binary_data_size | must be a non-negative integer, was -1",
                "FP32 | [2] | 8.0 | inputs[0].parameters.binary_data_size | must be a non-negative integer, was 8.0",
                "FP32 | [2] | 8   | body | must end with the last tensor's binary data, had 1 extra bytes",
                "BYTES| [1] | 9   | inputs[0].parameters.binary_data_size | must cover exactly 1 strings",
                "BYTES| [2] | 9   | inputs[0].parameters.binary_data_size | must cover exactly 2 strings",
                "BYTES| [1] | 3   | inputs[0].parameters.binary_data_size | must cover exactly 1 strings",
                "BYTES| [0] | 4   | inputs[0].parameters.binary_data_size | must cover exactly 0 strings",
            })
    void refusesABlobOfTheWrongSize(String datatype, String shape, String size, String field, String rule) {
        // Read as BYTES, this is one string of a single byte, then one with a false length.
        assertRefused(binary(input(datatype, shape, size), 1, 0, 0, 0, 65, 0xff, 0xff, 0xff, 0x7f), field, rule);
    }

    @Test
    void refusesAStringOfNegativeLength() {
        assertRefused(
                binary(input("BYTES", "[1]", 4), 0, 0, 0, 0x80),
                "inputs[0].parameters.binary_data_size",
                "must cover exactly 1 strings");
    }

    @Test
    void refusesDataBesideABlob() {
        String json = """
                {"inputs":[{"name":"x","shape":[1],"datatype":"INT8","data":[1],"parameters":{"binary_data_size":1}}]}""";

        assertRefused(binary(json, 1), "inputs[0].data", "must be absent when binary_data_size is set");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 1000, Integer.MIN_VALUE, Integer.MAX_VALUE})
    void refusesAJsonLengthOutsideTheBody(int jsonLength) {
        Payload honest = binary(input("INT8", "[1]", 1), 1);

        assertRefused(
                new Payload(honest.bytes(), OptionalInt.of(jsonLength)),
                "Inference-Header-Content-Length",
                "must be in 0..");
    }

    @Test
    void refusesAJsonLengthWithinTheJson() {
        Payload honest = binary(input("INT8", "[1]", 1), 1);

        assertRefused(Payload.binary(honest.bytes(), 20), "inputs[0].name", "must be valid JSON: it ends");
    }

    @Test
    void derivesTheRowsOfARawBodyFromItsSize() throws InvalidRequestException {
        InferenceRequest request = reader.read(Payload.binary(ByteBuffer.allocate(24), 0), ONE_FP32_INPUT);

        assertThat(request.inputs().get(0).shape()).isEqualTo(Shape.of(2, 3));
        assertThat(request.wantsBinary("y")).isTrue();
    }

    @Test
    void derivesTheVariableDimensionOfARawBodyFromItsSize() throws InvalidRequestException {
        Signature audio = inputs(new TensorSpec("x", Datatype.INT16, Shape.of(-1, -1, 2)));

        InferenceRequest request = reader.read(Payload.binary(ByteBuffer.allocate(24), 0), audio);

        assertThat(request.inputs().get(0).shape()).isEqualTo(Shape.of(1, 6, 2));
    }

    @Test
    void readsARawBodyAsOneString() throws InvalidRequestException {
        Signature text = inputs(new TensorSpec("x", Datatype.BYTES, Shape.of(-1, 1)));

        InferenceRequest request = reader.read(Payload.binary(ByteBuffer.wrap("abc".getBytes(UTF_8)), 0), text);

        assertThat(request.inputs()).containsExactly(Tensors.strings("x", Shape.of(1, 1), "abc".getBytes(UTF_8)));
    }

    @Test
    void refusesARawBodyThatCannotBeTheInput() {
        TensorSpec x = new TensorSpec("x", Datatype.FP32, Shape.of(-1, 3));
        TensorSpec open = new TensorSpec("x", Datatype.FP32, Shape.of(-1, -1, -1));

        assertRawRefused(13, inputs(x), "must be a multiple of 12 bytes for FP32 [-1, 3], was 13");
        assertRawRefused(0, inputs(x), "must be a multiple of 12 bytes for FP32 [-1, 3], was 0");
        assertRawRefused(12, inputs(x, x), "must not be raw: the model must have exactly one input, has 2");
        assertRawRefused(
                12, inputs(open), "must not be raw: input 'x' of shape [-1, -1, -1] must have at most one variable");
    }

    private void assertRawRefused(int size, Signature signature, String rule) {
        InvalidRequestException refusal = catchThrowableOfType(
                InvalidRequestException.class, () -> reader.readRaw(ByteBuffer.allocate(size), signature));

        assertThat(refusal.field()).isEqualTo("body");
        assertThat(refusal.rule()).startsWith(rule);
    }

    private void assertRefused(Payload payload, String field, String rule) {
        InvalidRequestException refusal =
                catchThrowableOfType(InvalidRequestException.class, () -> reader.read(payload));

        assertThat(refusal).isNotNull();
        assertThat(refusal.rule()).startsWith(rule);
        assertThat(refusal.field()).isEqualTo(field);
    }

    private static String input(String datatype, String shape, Object size) {
        return "{\"inputs\":[{\"name\":\"x\",\"shape\":%s,\"datatype\":\"%s\",\"parameters\":{\"binary_data_size\":%s}}]}"
                .formatted(shape, datatype, size);
    }

    private static Payload binary(String json, int... blob) {
        byte[] head = json.getBytes(UTF_8);
        ByteBuffer whole = ByteBuffer.allocate(head.length + blob.length).put(head);
        for (int value : blob) {
            whole.put((byte) value);
        }
        return Payload.binary(whole.flip(), head.length);
    }

    private static Signature inputs(TensorSpec... inputs) {
        return new Signature(List.of(inputs), List.of());
    }
}
