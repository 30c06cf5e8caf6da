package dev.penstock.ingress.call;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.InferenceRequest.RequestedOutput;
import dev.penstock.protocol.InferenceResponse;
import dev.penstock.protocol.NonFinite;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.TensorSpec;
import dev.penstock.protocol.codec.ResponseWriter;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AnswerSizeTest {
    @ParameterizedTest
    @EnumSource
    void isNeverAboveTheSizeOfTheShortestAnswer(Datatype datatype) throws Exception {
        int elementBytes = datatype.isFixedSize() ? datatype.byteSize() : Integer.BYTES;
        ByteBuffer data = ByteBuffer.allocate(5 * 1000 * elementBytes);
        for (int i = 0; datatype == Datatype.BOOL && i < data.capacity(); i++) {
            data.put(i, (byte) 1); // true is shorter than false
        }
        Tensor shortest = new Tensor("y", datatype, Shape.of(5, 1000), data);
        Signature signature = signature(new TensorSpec("y", datatype, Shape.of(-1, 1000)));

        for (boolean binary : new boolean[] {true, false}) {
            InferenceRequest request = request(binary);
            InferenceResponse response = new InferenceResponse("m", "1", Optional.empty(), Map.of(), List.of(shortest));
            int written = ResponseWriter.write(response, request::wantsBinary, NonFinite.TEXT)
                    .bytes()
                    .remaining();

            assertThat(AnswerSize.leastBytes(request, signature, 5)).isBetween(written - 200.0, (double) written);
        }
    }

    @Test
    void countsWhatIsAskedForAndKnown() {
        Signature signature = signature(
                new TensorSpec("y", Datatype.FP32, Shape.of(-1, 3)),
                new TensorSpec("z", Datatype.FP64, Shape.of(-1, -1, Long.MAX_VALUE)),
                new TensorSpec("fixed", Datatype.INT8, Shape.of(7)));

        assertThat(AnswerSize.leastBytes(request(true, "y", "fixed"), signature, 10))
                .isEqualTo(127);
        assertThat(AnswerSize.leastBytes(request(true, "z"), signature, 10)).isGreaterThan(7e20);
        assertThat(AnswerSize.isJson(request(true, "y"), signature)).isFalse();
        assertThat(AnswerSize.isJson(request(false, "y"), signature)).isTrue();
    }

    @Test
    void countsClassesInPlaceOfTheTensor() {
        Signature signature = signature(
                new TensorSpec("y", Datatype.FP32, Shape.of(-1, 1000)),
                new TensorSpec("whole", Datatype.FP32, Shape.of(3), OptionalInt.empty()));

        assertThat(AnswerSize.leastBytes(classes("y", 5), signature, 10)).isEqualTo(10 * 5 * 3);
        assertThat(AnswerSize.leastBytes(classes("y", 2000), signature, 10)).isEqualTo(10 * 1000 * 3);
        assertThat(AnswerSize.leastBytes(classes("whole", 5), signature, 10)).isEqualTo(3 * 3);
    }

    private static InferenceRequest classes(String output, int most) {
        return new InferenceRequest(
                Optional.empty(),
                Map.of(),
                List.of(),
                List.of(new RequestedOutput(output, Optional.empty(), OptionalInt.of(most))),
                false);
    }

    private static Signature signature(TensorSpec... outputs) {
        return new Signature(List.of(), List.of(outputs));
    }

    private static InferenceRequest request(boolean binary, String... outputs) {
        List<RequestedOutput> wanted = List.of(outputs).stream()
                .map(name -> new RequestedOutput(name, Optional.empty()))
                .toList();
        return new InferenceRequest(Optional.empty(), Map.of(), List.of(), wanted, binary);
    }
}
