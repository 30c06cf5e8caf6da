package dev.penstock.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.TensorSpec;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class SubstituteSlotTest {
    private static final Signature WANTED = new Signature(List.of(spec("a"), spec("b")), List.of(spec("y"), spec("z")));

    @Test
    void passesTensorsOnByName() throws InferenceException {
        Signature own = new Signature(List.of(spec("b"), spec("a")), List.of(spec("more"), spec("z"), spec("y")));
        Echo echo = new Echo(List.of(tensor("more"), tensor("z"), tensor("y")));
        try (SubstituteSlot slot = new SubstituteSlot(echo, WANTED, own)) {
            slot.assemble(List.of(List.of(tensor("a"), tensor("b"))));
            assertThat(echo.assembled).containsExactly("b", "a");
            assertThat(slot.run()).extracting(Tensor::name).containsExactly("y", "z");
        }
        assertThat(echo.isClosed).isTrue();
    }

    @Test
    void tellsWhyAModelCannotStandInForAnother() {
        assertThat(SubstituteSlot.difference(WANTED, WANTED)).isEmpty();
        assertThat(difference(List.of(spec("a")), WANTED.outputs())).isEqualTo("has 1 inputs, not 2");
        assertThat(difference(List.of(spec("a"), spec("c")), WANTED.outputs())).isEqualTo("has no input 'b'");
        assertThat(difference(WANTED.inputs(), List.of(spec("y")))).isEqualTo("has no output 'z'");
        assertThat(difference(
                        List.of(spec("a"), new TensorSpec("b", Datatype.INT64, Shape.of(-1, 1))), WANTED.outputs()))
                .isEqualTo("has input 'b' as INT64 of shape [-1, 1], not FP32 of shape [-1, 1]");
        assertThat(difference(List.of(spec("a"), new TensorSpec("b", Datatype.FP32, Shape.of(-1))), WANTED.outputs()))
                .contains("of shape [-1],");
        assertThat(difference(
                        List.of(spec("a"), new TensorSpec("b", Datatype.FP32, Shape.of(-1, 1), OptionalInt.of(1))),
                        WANTED.outputs()))
                .contains("has input 'b'");
    }

    private static String difference(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return SubstituteSlot.difference(WANTED, new Signature(inputs, outputs)).orElse("");
    }

    private static TensorSpec spec(String name) {
        return new TensorSpec(name, Datatype.FP32, Shape.of(-1, 1));
    }

    private static Tensor tensor(String name) {
        return new Tensor(name, Datatype.FP32, Shape.of(1, 1), ByteBuffer.allocate(4));
    }

    private static final class Echo implements Slot {
        private final List<Tensor> outputs;
        private final List<String> assembled = new ArrayList<>();
        private boolean isClosed;

        Echo(List<Tensor> outputs) {
            this.outputs = outputs;
        }

        @Override
        public void assemble(List<List<Tensor>> requests) {
            requests.getFirst().forEach(tensor -> assembled.add(tensor.name()));
        }

        @Override
        public List<Tensor> run() {
            return outputs;
        }

        @Override
        public void close() {
            isClosed = true;
        }
    }
}
