package dev.penstock.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.penstock.protocol.InferenceRequest.RequestedOutput;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class SignatureTest {
    private static final Signature SIGNATURE = new Signature(
            List.of(
                    new TensorSpec("x", Datatype.FP32, Shape.of(-1, 2)),
                    new TensorSpec("n", Datatype.INT8, Shape.of(-1, -1))),
            List.of(new TensorSpec("y", Datatype.FP32, Shape.of(-1, 3))));

    private final Tensor x = tensor("x", Datatype.FP32, 2, 2);
    private final Tensor n = tensor("n", Datatype.INT8, 2, 5);

    @Test
    void acceptsAMatchingRequestAndOrdersItsInputs() {
        InferenceRequest request = request(List.of(n, x), "y");

        assertThatCode(() -> SIGNATURE.check(request)).doesNotThrowAnyException();
        assertThat(SIGNATURE.orderedInputs(request)).containsExactly(x, n);
    }

    @Test
    void acceptsAVectorSentAsATableWithOneColumn() throws InvalidRequestException {
        Signature signature = new Signature(List.of(new TensorSpec("id", Datatype.INT8, Shape.of(-1))), List.of());
        InferenceRequest request = request(List.of(tensor("id", Datatype.INT8, 3, 1)));

        signature.check(request);

        assertThat(signature.orderedInputs(request)).containsExactly(tensor("id", Datatype.INT8, 3));
        InferenceRequest wide = request(List.of(tensor("id", Datatype.INT8, 3, 2)));
        assertThat(catchThrowableOfType(InvalidRequestException.class, () -> signature.check(wide)))
                .hasMessageContaining("must be [-1], was [3, 2]");
    }

    @Test
    void refusesInputsThatTheModelDoesNotHave() {
        assertRefused("inputs[1].name", "must be one of [x, n], was 'z'", x, tensor("z", Datatype.INT8, 2, 2));
        assertRefused("inputs", "must include 'n'", x);
        assertRefused("inputs", "must have at least one entry");
        assertRefused("inputs[2].name", "must be unique, was a second 'x'", x, n, x);
    }

    @Test
    void refusesAnotherDatatypeOrShape() {
        assertRefused("inputs[0].datatype", "must be FP32, was FP64", tensor("x", Datatype.FP64, 2, 2), n);
        assertRefused("inputs[0].shape", "must be [-1, 2], was [2, 3]", tensor("x", Datatype.FP32, 2, 3), n);
        assertRefused("inputs[0].shape", "must be [-1, 2], was [2]", tensor("x", Datatype.FP32, 2), n);
        assertRefused("inputs[0].shape", "must be [-1, 2], was []", tensor("x", Datatype.FP32), n);
    }

    @Test
    void refusesMissingRowsAndDifferentRowCounts() {
        assertRefused("inputs[0].shape", "must have at least 1 row, had 0", tensor("x", Datatype.FP32, 0, 2), n);
        assertRefused("inputs[1].shape", "must have 2 rows like inputs[0], had 3", x, tensor("n", Datatype.INT8, 3, 5));
    }

    @Test
    void refusesOutputsThatTheModelDoesNotHave() {
        assertRefused("outputs[0].name", "must be one of [y], was 'q'", request(List.of(x, n), "q"));
        assertRefused("outputs[1].name", "must be unique, was a second 'y'", request(List.of(x, n), "y", "y"));
    }

    @Test
    void countsRowsInTheirOwnDimensionAndNotInSharedInputs() throws InvalidRequestException {
        Signature signature = new Signature(
                List.of(
                        new TensorSpec("rate", Datatype.INT8, Shape.of(), OptionalInt.empty()),
                        new TensorSpec("state", Datatype.INT8, Shape.of(2, -1, 3), OptionalInt.of(1))),
                List.of());
        InferenceRequest request =
                request(List.of(tensor("rate", Datatype.INT8, 1), tensor("state", Datatype.INT8, 2, 5, 3)));

        signature.check(request);

        assertThat(signature.rows(request)).isEqualTo(5);
        assertThat(signature.orderedInputs(request).getFirst().shape()).isEqualTo(Shape.of());
    }

    @Test
    void takesWholeShapesOfAModelThatIsRunOneByOne() throws InvalidRequestException {
        Signature signature = new Signature(
                List.of(
                        new TensorSpec("x", Datatype.INT8, Shape.of(1, 3), OptionalInt.empty()),
                        new TensorSpec("w", Datatype.INT8, Shape.of(-1), OptionalInt.empty())),
                List.of(),
                List.of(),
                RunMode.oneByOne("for a test"));
        InferenceRequest request =
                request(List.of(tensor("x", Datatype.INT8, 1, 3), tensor("w", Datatype.INT8, 0)));

        signature.check(request);

        assertThat(signature.rows(request)).isEqualTo(1);
    }

    private static void assertRefused(String field, String rule, Tensor... inputs) {
        assertRefused(field, rule, request(List.of(inputs)));
    }

    private static void assertRefused(String field, String rule, InferenceRequest request) {
        InvalidRequestException refusal =
                catchThrowableOfType(InvalidRequestException.class, () -> SIGNATURE.check(request));

        assertThat(refusal).isNotNull();
        assertThat(refusal.getMessage()).isEqualTo(field + ": " + rule);
    }

    private static InferenceRequest request(List<Tensor> inputs, String... outputs) {
        List<RequestedOutput> requested = List.of(outputs).stream()
                .map(name -> new RequestedOutput(name, Optional.empty()))
                .toList();
        return new InferenceRequest(Optional.empty(), Map.of(), inputs, requested, false);
    }

    private static Tensor tensor(String name, Datatype datatype, long... dimensions) {
        Shape shape = Shape.of(dimensions);
        return new Tensor(name, datatype, shape, ByteBuffer.allocate((int) shape.elements() * datatype.byteSize()));
    }
}
