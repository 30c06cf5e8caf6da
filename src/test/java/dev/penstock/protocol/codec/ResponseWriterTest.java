package dev.penstock.protocol.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.protocol.InferenceResponse;
import dev.penstock.protocol.NonFinite;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.Tensors;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResponseWriterTest {
    private static final Shape ONE = Shape.of(1);

    @Test
    void writesTheShortestNumbersThatReadBackTheSame() throws NoJsonFormException {
        Payload payload = ResponseWriter.write(
                response(Tensors.fp32("y", Shape.of(1, 4), 0.1f, -0f, 1e10f, 16777216f)),
                output -> false,
                NonFinite.TEXT);

        assertThat(payload.jsonLength()).isEmpty();
        assertThat(UTF_8.decode(payload.bytes()).toString())
                .isEqualTo("{\"model_name\":\"m\",\"model_version\":\"1\",\"id\":\"7\",\"outputs\":[{\"name\":\"y\","
                        + "\"shape\":[1,4],\"datatype\":\"FP32\",\"data\":[0.1,-0.0,1.0E10,1.6777216E7]}]}");
    }

    @Test
    void putsBlobsBehindTheJson() throws NoJsonFormException {
        Payload payload = ResponseWriter.write(
                response(Tensors.fp32("y", ONE, 1), Tensors.fp32("z", ONE, 2)),
                output -> output.equals("y"),
                NonFinite.TEXT);

        int jsonLength = payload.jsonLength().orElseThrow();
        String json = UTF_8.decode(payload.bytes().slice(0, jsonLength)).toString();
        assertThat(json).contains("\"parameters\":{\"binary_data_size\":4}").contains("\"data\":[2.0]");
        assertThat(payload.bytes().slice(jsonLength, 4).getInt()).isEqualTo(0x0000803f);
        assertThat(payload.bytes().limit()).isEqualTo(jsonLength + 4);
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void refusesNaNAndInfinitiesInJsonWhereTheSwitchSaysSo(float value) throws NoJsonFormException, IOException {
        InferenceResponse response = response(Tensors.fp32("y", Shape.of(2), 1, value));

        assertThatThrownBy(() -> ResponseWriter.write(response, output -> false, NonFinite.REFUSED))
                .isInstanceOf(NoJsonFormException.class)
                .hasMessage("'y' has " + value + " at element 1, which JSON cannot represent; use the binary form");
        assertThat(new ResponseReader(ReaderLimits.DEFAULT)
                        .read(ResponseWriter.write(response, output -> true, NonFinite.REFUSED)))
                .isEqualTo(response);
    }

    @Test
    void writesNaNAndInfinitiesAsText() throws NoJsonFormException, IOException {
        Tensor tensor = Tensors.fp32(
                "y", Shape.of(4), Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.MAX_VALUE);

        Payload text = ResponseWriter.write(response(tensor), output -> false, NonFinite.TEXT);
        Payload missing = ResponseWriter.write(response(tensor), output -> false, NonFinite.NULL);

        assertThat(text(text)).endsWith("[\"NaN\",\"Infinity\",\"-Infinity\",3.4028235E38]}]}");
        assertThat(text(missing)).endsWith("[null,\"Infinity\",\"-Infinity\",3.4028235E38]}]}");
        for (Payload payload : List.of(text, missing)) {
            assertThat(new ResponseReader(ReaderLimits.DEFAULT).read(payload)).isEqualTo(response(tensor));
        }
    }

    private static String text(Payload payload) {
        return UTF_8.decode(payload.bytes().duplicate()).toString();
    }

    @Test
    void refusesJsonForBytesThatAreNotUtf8() {
        InferenceResponse response = response(Tensors.strings("y", ONE, new byte[] {(byte) 0xc3}));

        assertThatThrownBy(() -> ResponseWriter.write(response, output -> false, NonFinite.TEXT))
                .hasMessageContaining("'y' has bytes that are not UTF-8 at element 0");
    }

    @Test
    void refusesToReadABodyThatIsNotAResponse() {
        assertThatThrownBy(() ->
                        new ResponseReader(ReaderLimits.DEFAULT).read(Payload.json("{\"outputs\":[]}".getBytes(UTF_8))))
                .isInstanceOf(IOException.class)
                .hasMessage("not a v2 inference response: model_name: is required");
    }

    private static InferenceResponse response(Tensor... outputs) {
        return new InferenceResponse("m", "1", Optional.of("7"), Map.of(), List.of(outputs));
    }
}
